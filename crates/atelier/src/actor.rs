//! Who acts: the login name and the machine, unless another name is given.

use atelier_console::Actor;

/// The operator at this terminal.
pub(crate) fn operator() -> Actor {
    let user = rustix::process::getuid().as_raw();
    let accounts = std::fs::read_to_string("/etc/passwd").unwrap_or_default();
    // directory services keep accounts elsewhere: then what the shell says, and in the end the number
    let login = login_of(user, &accounts).or_else(said_by_shell).unwrap_or_else(|| format!("uid{user}"));
    Actor::of(&login, &atelier_process::host_name())
}

/// The account of a user number: `name:password:uid:…`.
fn login_of(user: u32, accounts: &str) -> Option<String> {
    let account = |line: &str| {
        let mut parts = line.split(':');
        let (name, number) = (parts.next()?, parts.nth(1)?);
        (number.parse() == Ok(user)).then(|| name.to_owned())
    };
    accounts.lines().find_map(account)
}

fn said_by_shell() -> Option<String> {
    std::env::var_os("USER").and_then(|name| name.into_string().ok()).filter(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_account_is_found_by_its_number() {
        let accounts = "root:x:0:0:root:/root:/bin/sh\nbroken\njo:x:1000:1000::/home/jo:/bin/sh\n";
        assert_eq!(login_of(1000, accounts).as_deref(), Some("jo"));
        assert_eq!(login_of(0, accounts).as_deref(), Some("root"));
        assert_eq!(login_of(7, accounts), None);
        assert!(operator().as_str().starts_with("operator:"));
    }
}
