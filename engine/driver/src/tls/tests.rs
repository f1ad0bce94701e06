mod authority;
mod data;
mod handshake;
mod outside;
mod trust;
mod wire;
