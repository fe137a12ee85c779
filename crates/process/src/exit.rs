//! The exit codes, once for all verbs. Numbers from `sysexits.h`, so that supervisors and scripts can tell them apart.

use std::process::ExitCode;

/// How a process ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub enum Exit {
    /// Everything that was asked for happened.
    Success = 0,
    /// It ran, and the answer is no: a check failed, a picture did not arrive.
    Failure = 1,
    /// The command line or the environment holds a wrong value (`EX_USAGE`).
    Usage = 64,
    /// Something it needs cannot be reached: Redis, Telegram (`EX_UNAVAILABLE`).
    Unavailable = 69,
    /// A fault of the program itself (`EX_SOFTWARE`).
    Software = 70,
    /// A file or directory cannot be written (`EX_CANTCREAT`).
    CannotCreate = 73,
}

impl Exit {
    /// The number that the shell sees.
    pub const fn code(self) -> u8 {
        self as u8
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
