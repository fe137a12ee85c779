//! Where the server's program is.

use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};

use super::PrivateError;

/// Valkey is the same server under another name; newer distributions ship it.
const NAMES: [&str; 2] = ["redis-server", "valkey-server"];
/// Where it is installed even when the search path of a service or an editor does not say so.
const PLACES: [&str; 4] = ["/usr/bin", "/usr/local/bin", "/opt/homebrew/bin", "/usr/sbin"];

/// The program asked for, or the first one found.
pub(super) fn find(named: Option<&Path>) -> Result<PathBuf, PrivateError> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places = || std::env::split_paths(&path).chain(PLACES.iter().map(PathBuf::from));
    let in_places = |name: &Path| places().map(|place| place.join(name)).find(|file| is_program(file));
    match named {
        Some(name) if name.components().count() > 1 => Some(name.to_owned()).filter(|file| is_program(file)),
        Some(name) => in_places(name),
        None => NAMES.iter().find_map(|name| in_places(Path::new(name))),
    }
    .ok_or_else(|| PrivateError::NotInstalled { named: named.map(Path::to_owned) })
}

fn is_program(file: &Path) -> bool {
    file.metadata().is_ok_and(|metadata| metadata.is_file() && metadata.permissions().mode() & 0o111 != 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_looked_up_and_a_path_is_taken_as_it_is() {
        assert!(find(Some(Path::new("sh"))).is_ok_and(|path| path.is_absolute()));
        for missing in ["/nowhere/redis-server", "no-such-program-anywhere", "/"] {
            let error = find(Some(Path::new(missing))).unwrap_err().to_string();
            assert!(error.contains(missing) && error.contains("apt-get install redis-server"), "{error}");
        }
    }
}
