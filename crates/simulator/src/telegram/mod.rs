//! The Bot API server.
