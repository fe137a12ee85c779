//! The operator's window: stats, list, show, why, doctor, as text and as JSON.
