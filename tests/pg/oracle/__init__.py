"""Values of every type a server knows, made by the server in SQL, and what a client makes of them."""
