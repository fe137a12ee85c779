//! Draws a deterministic scene from a prompt and a seed, with an honest footer.
