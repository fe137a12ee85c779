//! Asks an image service for pictures: create, poll, adopt, cancel, download, classify failures.
