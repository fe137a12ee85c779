//! A Bot API server and a Replicate server on loopback with a web chat, faithful down to limits and error bodies.
