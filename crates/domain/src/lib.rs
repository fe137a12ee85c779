//! The words of Atelier: requests, jobs, the model catalogue, prompt grammar, states, failure classes, money.
