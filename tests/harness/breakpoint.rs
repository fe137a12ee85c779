//! The test's end of a named breakpoint.

use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};

use crate::PATIENCE;

/// A place at which processes stop and wait.
pub struct Breakpoint {
    name: String,
    listener: TcpListener,
}

/// A process that waits at the place. Dropping this lets it go.
pub struct Hit {
    stream: BufReader<TcpStream>,
    /// What it was about to touch.
    pub subject: String,
}

impl Breakpoint {
    /// Listens for processes that come by `name`.
    pub async fn at(name: &str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        Self { name: name.to_owned(), listener }
    }

    /// The value of `ATELIER_BREAKPOINT` that makes a process stop here.
    pub fn setting(&self) -> String {
        format!("{}@{}", self.name, self.listener.local_addr().expect("a bound listener"))
    }

    /// Waits until a process stops here.
    pub async fn hit(&self) -> Hit {
        let reached = async {
            let (stream, _) = self.listener.accept().await.expect("an accepted connection");
            let mut stream = BufReader::new(stream);
            let mut line = String::new();
            stream.read_line(&mut line).await.expect("a line from the process");
            let subject = line.split_whitespace().nth(1).unwrap_or_default().to_owned();
            Hit { stream, subject }
        };
        let late = || panic!("no process came by {}", self.name);
        tokio::time::timeout(PATIENCE, reached).await.unwrap_or_else(|_| late())
    }
}

impl Hit {
    /// Lets the process go on.
    pub async fn release(mut self) {
        let _ = self.stream.write_all(b"go\n").await;
    }
}
