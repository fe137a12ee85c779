//! Programs that the project uses and does not build: found, or installed by the machine's package manager.
//!
//! Invariant: it never asks for a password and never waits for an answer. Without the rights, it says in one line what
//! to type.

use std::path::{Path, PathBuf};
use std::process::Command;

use crate::step::{announce, succeeds};

/// A program and where it comes from.
pub(crate) struct Tool {
    /// What it is for, for people.
    pub(crate) purpose: &'static str,
    /// The names it goes by.
    pub(crate) names: &'static [&'static str],
    /// Places that are not in the search path.
    pub(crate) places: &'static [&'static str],
    /// The package of Debian and Ubuntu.
    pub(crate) apt: &'static str,
    /// The words after `brew install`.
    pub(crate) brew: &'static [&'static str],
}

/// The queue's server.
pub(crate) const REDIS: Tool = Tool {
    purpose: "the queue lives in it",
    names: &["redis-server", "valkey-server"],
    places: &["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin"],
    apt: "redis-server",
    brew: &["redis"],
};

/// The browser of the tests of the web chat.
pub(crate) const CHROMIUM: Tool = Tool {
    purpose: "tests open the web chat in it",
    names: &["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "Google Chrome", "Chromium"],
    places: &[
        "/usr/bin",
        "/Applications/Google Chrome.app/Contents/MacOS",
        "/Applications/Chromium.app/Contents/MacOS",
    ],
    apt: "chromium",
    brew: &["--cask", "chromium"],
};

impl Tool {
    /// Where it is, installing it when it is missing and that is possible.
    pub(crate) fn ensure(&self) -> Option<PathBuf> {
        if let Some(path) = self.find() {
            return Some(path);
        }
        let name = self.apt;
        eprintln!("{name} is missing ({}); installing it", self.purpose);
        let Some(manager) = Manager::find() else {
            eprintln!("{name} cannot be installed here (neither apt-get nor brew): install it by hand, then try again");
            return None;
        };
        if !manager.may_install() {
            eprintln!("no right to install packages; type: sudo apt-get update && sudo apt-get install -y {name}");
            return None;
        }
        if manager.install(self).is_err() {
            eprintln!("{name} could not be installed; install it by hand, then try again");
            return None;
        }
        self.find()
    }

    fn find(&self) -> Option<PathBuf> {
        let path = std::env::var_os("PATH").unwrap_or_default();
        let places: Vec<PathBuf> = std::env::split_paths(&path).chain(self.places.iter().map(PathBuf::from)).collect();
        let candidates = self.names.iter().flat_map(|name| places.iter().map(move |place| place.join(name)));
        candidates.into_iter().find(|file| file.is_file())
    }
}

enum Manager {
    Apt,
    Brew,
}

impl Manager {
    fn find() -> Option<Self> {
        if Path::new("/usr/bin/apt-get").exists() {
            Some(Self::Apt)
        } else if succeeds(Command::new("brew").arg("--version")) {
            Some(Self::Brew)
        } else {
            None
        }
    }

    fn may_install(&self) -> bool {
        match self {
            Self::Apt => is_root() || succeeds(Command::new("sudo").args(["-n", "true"])),
            Self::Brew => true,
        }
    }

    fn install(&self, tool: &Tool) -> Result<(), std::process::ExitCode> {
        match self {
            Self::Apt => {
                let install = || announce("install", &mut apt(&["install", "-y", "--no-install-recommends", tool.apt]));
                // a fresh machine has no package lists yet
                install().or_else(|_| announce("package lists", &mut apt(&["update"])).and_then(|()| install()))
            }
            Self::Brew => announce("install", Command::new("brew").arg("install").args(tool.brew)),
        }
    }
}

fn apt(words: &[&str]) -> Command {
    let mut command = if is_root() {
        Command::new("apt-get")
    } else {
        let mut command = Command::new("sudo");
        command.args(["-n", "DEBIAN_FRONTEND=noninteractive", "apt-get"]);
        command
    };
    command.args(words).env("DEBIAN_FRONTEND", "noninteractive");
    command
}

fn is_root() -> bool {
    let id = Command::new("id").arg("-u").output();
    id.is_ok_and(|output| output.stdout.trim_ascii() == b"0")
}
