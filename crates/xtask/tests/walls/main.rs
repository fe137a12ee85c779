//! The walls of the house: which crate may name, reach and contain what. The reasons are in `crates/README.md`.
//!
//! A wall that is in the way is moved there and here, in the same change, with its reason.
#![expect(clippy::expect_used, reason = "a test's helpers fail by panicking")]

mod sources;
mod tree;

use tree::Tree;

/// A room: its name, the rooms it may call, the crates that must not be reachable from it.
struct Room {
    name: &'static str,
    may_use: &'static [&'static str],
    never_under: &'static [&'static str],
}

/// Direction: the executable over the processes over the rooms in the middle over the words. `provider` draws with
/// `sketch` when no service is configured; `simulator` knows public wire formats only, hence none of the real rooms.
const ROOMS: &[Room] = &[
    Room {
        name: "atelier-domain",
        may_use: &[],
        never_under: &["tokio", "redis", "teloxide", "reqwest", "hyper", "axum", "image"],
    },
    Room { name: "atelier-sketch", may_use: &[], never_under: &["tokio", "redis", "teloxide", "reqwest", "hyper"] },
    Room { name: "atelier-media", may_use: &[], never_under: &["redis", "teloxide", "reqwest", "hyper"] },
    Room { name: "atelier-process", may_use: &[], never_under: &["redis", "teloxide", "reqwest", "image"] },
    Room {
        name: "atelier-queue",
        may_use: &["atelier-domain"],
        never_under: &["teloxide", "reqwest", "hyper", "axum", "image"],
    },
    Room {
        name: "atelier-provider",
        may_use: &["atelier-domain", "atelier-sketch"],
        never_under: &["redis", "apalis", "teloxide", "axum"],
    },
    Room {
        name: "atelier-telegram",
        may_use: &["atelier-domain"],
        never_under: &["redis", "apalis", "image", "resvg", "tiny-skia"],
    },
    Room {
        name: "atelier-bot",
        // the cards that hold the place of pictures are drawn before any worker has seen the job
        may_use: &["atelier-domain", "atelier-process", "atelier-queue", "atelier-sketch", "atelier-telegram"],
        never_under: &["image", "resvg", "atelier-provider", "atelier-media"],
    },
    Room {
        name: "atelier-worker",
        may_use: &[
            "atelier-domain",
            "atelier-media",
            "atelier-process",
            "atelier-provider",
            "atelier-queue",
            "atelier-sketch",
            "atelier-telegram",
        ],
        // axum: its port for Replicate's webhooks
        never_under: &["atelier-bot", "atelier-simulator"],
    },
    Room {
        name: "atelier-console",
        may_use: &["atelier-domain", "atelier-queue"],
        never_under: &["teloxide", "reqwest", "image", "atelier-provider"],
    },
    Room {
        name: "atelier-simulator",
        may_use: &["atelier-sketch"],
        never_under: &["redis", "apalis", "teloxide", "atelier-domain"],
    },
    Room {
        name: "atelier",
        may_use: &[
            "atelier-bot",
            "atelier-console",
            "atelier-domain",
            "atelier-process",
            "atelier-provider",
            "atelier-queue",
            "atelier-simulator",
            "atelier-telegram",
            "atelier-worker",
        ],
        never_under: &["xtask"],
    },
    Room { name: "xtask", may_use: &[], never_under: &["tokio", "atelier-domain"] },
];

/// One giant per room: who may write its name into a manifest; the second list names those whose tests may. The
/// end-to-end tests speak HTTP to the simulators, and put into Redis what no part of the system would.
const GIANTS: &[(&str, &[&str], &[&str])] = &[
    ("apalis", &["atelier-queue"], &[]),
    ("apalis-core", &["atelier-queue"], &[]),
    ("redis", &["atelier-queue", "e2e"], &[]),
    ("teloxide", &["atelier-telegram"], &[]),
    // `telegram` sends what teloxide has composed (teloxide's own exchange hides statuses and sleeps inside calls);
    // `simulator` posts updates to webhooks, as Telegram does
    ("reqwest", &["atelier-provider", "atelier-telegram", "atelier-simulator", "e2e"], &[]),
    // how a room opens a port
    ("axum", &["atelier-console", "atelier-simulator", "atelier-telegram", "atelier-worker"], &["atelier-provider"]),
    ("image", &["atelier-media", "atelier-simulator"], &[]),
    ("resvg", &["atelier-media"], &[]),
    ("tiny-skia", &["atelier-sketch"], &[]),
    ("tracing-subscriber", &["atelier-process"], &[]),
    ("comfy-table", &["atelier-console"], &[]),
    ("clap", &["atelier", "xtask"], &[]),
];

/// A C build, or a second stack for what rustls does.
const NOWHERE: &[&str] = &["aws-lc-sys", "aws-lc-rs", "openssl-sys", "native-tls", "openssl"];

/// Two versions of these mean two connection pools, two sets of types, twice the build.
const SINGLE: &[&str] =
    &["redis", "reqwest", "hyper", "axum", "tokio", "rustls", "http", "serde", "image", "tiny-skia"];

#[test]
fn rooms_call_only_downwards() {
    let tree = Tree::read();
    let known = |name: &str| ROOMS.iter().find(|room| room.name == name);
    for member in tree.members().filter(|member| member.name != "e2e") {
        let room = known(&member.name).unwrap_or_else(|| panic!("{} is in no list of rooms", member.name));
        for edge in member.edges.iter().filter(|edge| tree.is_member(&edge.name)) {
            let allowed = room.may_use.contains(&edge.name.as_str());
            assert!(allowed, "{} must not depend on {}", room.name, edge.name);
        }
    }
    for room in ROOMS {
        assert!(tree.is_member(room.name), "{} is listed and does not exist", room.name);
    }
}

#[test]
fn nothing_heavy_hides_under_a_room() {
    let tree = Tree::read();
    for room in ROOMS {
        let under = tree.reachable_from(room.name);
        for banned in room.never_under {
            assert!(tree.exists(banned), "{banned} is nowhere: the check could not fail");
            let path = under.get(*banned).map(|path| path.join(" -> "));
            assert!(path.is_none(), "{} must not contain {banned}: {}", room.name, path.unwrap_or_default());
        }
    }
}

#[test]
fn every_giant_has_one_room() {
    let tree = Tree::read();
    for (giant, rooms, in_tests) in GIANTS {
        assert!(tree.exists(giant), "{giant} is nowhere: the check could not fail");
        for member in tree.members() {
            for edge in member.edges.iter().filter(|edge| edge.name == *giant) {
                let name = member.name.as_str();
                let allowed = rooms.contains(&name) || (edge.dev && in_tests.contains(&name));
                assert!(allowed, "{name} must not name {giant}: that is the business of {}", rooms.join(", "));
            }
        }
    }
}

#[test]
fn no_c_toolchain_and_no_second_stack() {
    let tree = Tree::read();
    for banned in NOWHERE {
        let users = tree.users(banned).join(", ");
        assert!(!tree.exists(banned), "{banned} is in the tree, brought by {users}");
    }
    for name in SINGLE {
        let versions = tree.versions(name);
        assert_eq!(versions.len(), 1, "{name} is in the tree as {}", versions.join(" and "));
    }
}

#[test]
fn members_take_their_versions_lints_and_licence_from_the_root() {
    let tree = Tree::read();
    for member in tree.members() {
        let manifest = std::fs::read_to_string(&member.manifest).expect("a manifest");
        for line in ["version.workspace = true", "publish.workspace = true", "license.workspace = true"] {
            assert!(manifest.lines().any(|found| found == line), "{}: `{line}` is missing", member.name);
        }
        assert!(manifest.contains("[lints]\nworkspace = true"), "{}: the lints are not the workspace's", member.name);
        assert!(manifest.contains("\ndescription = \""), "{}: it does not say what it is for", member.name);
        let dependencies = manifest.split("\n[").filter(|section| section.contains("dependencies]"));
        for line in dependencies.flat_map(|section| section.lines().skip(1)).filter(|line| line.contains('=')) {
            assert!(line.contains("workspace = true"), "{}: `{line}` has a version of its own", member.name);
        }
    }
}

#[test]
fn files_stay_readable() {
    let files = sources::rust_files();
    assert!(files.len() > 50, "only {} files were found", files.len());
    for file in &files {
        let lines = file.text.lines().count();
        assert!(lines <= 400, "{} has {lines} lines: split it by decision (400 at most)", file.path.display());
        let name = file.path.file_name().unwrap_or_default();
        if name == "main.rs" && file.path.parent().is_some_and(|folder| folder.ends_with("crates/atelier/src")) {
            assert!(lines <= 40, "{} is a table of contents: 40 lines at most, not {lines}", file.path.display());
        }
        if name == "lib.rs" || name == "main.rs" {
            assert!(file.text.starts_with("//!"), "{} does not say what it is for", file.path.display());
        }
    }
}

#[test]
fn the_code_map_names_every_crate() {
    let tree = Tree::read();
    let map = std::fs::read_to_string(sources::root().join("crates/README.md")).expect("crates/README.md");
    for member in tree.members() {
        let folder = member.manifest.parent().and_then(|folder| folder.file_name()).expect("a folder");
        let name = folder.to_string_lossy();
        assert!(map.contains(&format!("| `{name}")), "crates/README.md has no line for {name}");
    }
}
