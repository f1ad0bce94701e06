//! What differs from one system to the next.

#[cfg(target_os = "linux")]
mod linux;
#[cfg(any(not(target_os = "linux"), fasterapi_nested_poller))]
mod portable;

#[cfg(all(target_os = "linux", not(fasterapi_nested_poller)))]
pub(crate) use linux::Notifier;
#[cfg(target_os = "linux")]
pub(crate) use linux::Timer;
#[cfg(any(not(target_os = "linux"), fasterapi_nested_poller))]
pub(crate) use portable::Notifier;
#[cfg(not(target_os = "linux"))]
pub(crate) use portable::Timer;
