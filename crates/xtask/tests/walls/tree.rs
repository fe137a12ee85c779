//! What cargo knows: every package of the lock file that is built, and who depends on whom.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::path::PathBuf;
use std::process::Command;

use serde::Deserialize;

#[derive(Deserialize)]
struct Metadata {
    packages: Vec<Package>,
    workspace_members: BTreeSet<String>,
    resolve: Resolve,
}

#[derive(Deserialize)]
struct Package {
    id: String,
    name: String,
    version: String,
    manifest_path: PathBuf,
}

#[derive(Deserialize)]
struct Resolve {
    nodes: Vec<Node>,
}

#[derive(Deserialize)]
struct Node {
    id: String,
    deps: Vec<Dependency>,
}

#[derive(Deserialize)]
struct Dependency {
    pkg: String,
    dep_kinds: Vec<Kind>,
}

#[derive(Deserialize)]
struct Kind {
    kind: Option<String>,
}

/// A member of the workspace.
pub(crate) struct Member {
    pub(crate) name: String,
    pub(crate) manifest: PathBuf,
    pub(crate) edges: Vec<Edge>,
}

/// A direct dependency.
pub(crate) struct Edge {
    pub(crate) name: String,
    /// Only its tests use it.
    pub(crate) dev: bool,
}

/// The resolved dependencies of the workspace, on every platform.
pub(crate) struct Tree {
    members: Vec<Member>,
    names: BTreeMap<String, String>,
    versions: BTreeMap<String, BTreeSet<String>>,
    nodes: BTreeMap<String, Vec<(String, bool)>>,
}

impl Tree {
    pub(crate) fn read() -> Self {
        let cargo = std::env::var_os("CARGO").expect("cargo runs this");
        let output = Command::new(cargo)
            .args(["metadata", "--format-version", "1", "--locked"])
            .current_dir(crate::sources::root())
            .output()
            .expect("cargo metadata runs");
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        Self::from(serde_json::from_slice::<Metadata>(&output.stdout).expect("cargo metadata's own format"))
    }

    pub(crate) fn members(&self) -> impl Iterator<Item = &Member> {
        self.members.iter()
    }

    pub(crate) fn is_member(&self, name: &str) -> bool {
        self.members.iter().any(|member| member.name == name)
    }

    pub(crate) fn exists(&self, name: &str) -> bool {
        self.versions.contains_key(name)
    }

    pub(crate) fn versions(&self, name: &str) -> Vec<String> {
        self.versions.get(name).into_iter().flatten().cloned().collect()
    }

    /// Who depends directly on a package.
    pub(crate) fn users(&self, name: &str) -> Vec<String> {
        let uses = |edges: &[(String, bool)]| edges.iter().any(|(id, _)| self.names[id] == name);
        self.nodes.iter().filter(|(_, edges)| uses(edges)).map(|(id, _)| self.names[id].clone()).collect()
    }

    /// All that a room's own build contains (not its tests'), each with the shortest way to it.
    pub(crate) fn reachable_from(&self, room: &str) -> BTreeMap<String, Vec<String>> {
        let start = self.names.iter().find(|(_, name)| *name == room).expect("a known room").0;
        let mut found = BTreeMap::from([(room.to_owned(), vec![room.to_owned()])]);
        let mut seen = BTreeSet::from([start]);
        let mut next = VecDeque::from([start]);
        while let Some(id) = next.pop_front() {
            for (below, _) in self.nodes[id].iter().filter(|(_, dev)| !dev) {
                if seen.insert(below) {
                    let mut path = found[&self.names[id]].clone();
                    path.push(self.names[below].clone());
                    found.entry(self.names[below].clone()).or_insert(path);
                    next.push_back(below);
                }
            }
        }
        found
    }
}

impl From<Metadata> for Tree {
    fn from(metadata: Metadata) -> Self {
        let names: BTreeMap<String, String> =
            metadata.packages.iter().map(|package| (package.id.clone(), package.name.clone())).collect();
        let dev_only = |kinds: &[Kind]| kinds.iter().all(|kind| kind.kind.as_deref() == Some("dev"));
        let nodes: BTreeMap<String, Vec<(String, bool)>> = metadata
            .resolve
            .nodes
            .into_iter()
            .map(|node| (node.id, node.deps.into_iter().map(|below| (below.pkg, dev_only(&below.dep_kinds))).collect()))
            .collect();
        let mut versions: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut members = Vec::new();
        for package in metadata.packages {
            if metadata.workspace_members.contains(&package.id) {
                let edges =
                    nodes[&package.id].iter().map(|(id, dev)| Edge { name: names[id].clone(), dev: *dev }).collect();
                members.push(Member { name: package.name.clone(), manifest: package.manifest_path, edges });
            }
            versions.entry(package.name).or_default().insert(package.version);
        }
        Self { members, names, versions, nodes }
    }
}
