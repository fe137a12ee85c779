//! One job from claim to picture in the chat, resumable at every step.
