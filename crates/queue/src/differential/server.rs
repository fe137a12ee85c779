//! A server of the run's own: no port, no files, the library loaded with a clock that the run winds.

use std::io::{BufRead, BufReader};
use std::process::{Child, Command, Stdio};

use redis::{ConnectionLike, Value};
use tempfile::TempDir;

use super::wire::{Call, Reply};
use super::world;
use crate::keys;
use crate::private::PrivateRedis;
use crate::scripts::{PRELUDE, SOURCES, Source, Verb, library};

/// The prelude's only look at the clock, and what stands there in a run.
const CLOCK: &str = "redis.call('TIME')";
const KEY_CLOCK: &str = include_str!("clock.lua");
/// The bound of a step, and what stands there in a run.
const BOUND: &str = "local LIMIT = 64 ";

/// The texts of the library, to be changed before it is loaded.
#[derive(Debug, Clone)]
pub(super) struct Texts {
    pub(super) prelude: String,
    pub(super) verbs: Vec<String>,
}

impl Texts {
    /// The scripts as they are, but for the clock.
    pub(super) fn of_the_protocol() -> Self {
        let mut texts = Self { prelude: PRELUDE.to_owned(), verbs: SOURCES.iter().map(Source::registration).collect() };
        texts.replace(None, CLOCK, KEY_CLOCK.trim_end());
        texts
    }

    /// Replaces the one occurrence of a text in the prelude or in a verb's script.
    pub(super) fn replace(&mut self, verb: Option<Verb>, old: &str, new: &str) {
        let text = match verb {
            None => &mut self.prelude,
            Some(verb) => &mut self.verbs[verb as usize],
        };
        assert_eq!(text.matches(old).count(), 1, "{old:?} stands once in the script");
        *text = text.replace(old, new);
    }

    fn whole(&self, name: &str) -> String {
        library(name, &format!("{}{}", self.prelude, self.verbs.concat()))
    }
}

/// The library's name with a bound.
fn name(bound: usize) -> String {
    format!("protocol_{bound}")
}

/// A running server with the library.
pub(super) struct Server {
    child: Child,
    connection: redis::Connection,
    client: redis::Client,
    /// Hears what is handed to workers, under this number.
    listening: Option<(redis::Connection, u64)>,
    check: String,
    look: String,
    _directory: TempDir,
}

impl Server {
    pub(super) fn start(texts: &Texts, bounds: &[usize]) -> Self {
        let directory = tempfile::tempdir().unwrap();
        let socket = directory.path().join("socket");
        let mut child = Command::new(PrivateRedis::program(None).unwrap())
            .args(["--port", "0", "--save", "", "--appendonly", "no", "--unixsocket"])
            .arg(&socket)
            .arg("--dir")
            .arg(directory.path())
            // names are compared byte by byte, whatever the language of the machine
            .env_clear()
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stdout.take().unwrap()).lines().map_while(Result::ok);
        assert!(lines.any(|line| line.to_lowercase().contains("ready to accept connections")), "redis-server ended");
        std::thread::spawn(move || lines.for_each(drop));
        let client = redis::Client::open(format!("unix://{}", socket.display())).unwrap();
        let mut server = Self {
            child,
            connection: client.get_connection().unwrap(),
            client,
            listening: None,
            check: String::new(),
            look: String::new(),
            _directory: directory,
        };
        server.check = server.load_text(include_str!("check.lua"));
        server.look = server.load_text(include_str!("look.lua"));
        server.load(texts, bounds);
        server
    }

    /// Loads the library, with each of the bounds.
    pub(super) fn load(&mut self, texts: &Texts, bounds: &[usize]) {
        for bound in bounds {
            let mut texts = texts.clone();
            texts.replace(None, BOUND, &format!("local LIMIT = {bound} "));
            let mut command = redis::cmd("FUNCTION");
            command.arg("LOAD").arg("REPLACE").arg(texts.whole(&name(*bound)));
            command.query::<String>(&mut self.connection).unwrap();
        }
    }

    fn load_text(&mut self, text: &str) -> String {
        redis::cmd("SCRIPT").arg("LOAD").arg(text).query(&mut self.connection).unwrap()
    }

    /// Empties it and sets the clock.
    pub(super) fn reset(&mut self, clock: i64) {
        let mut pipe = redis::pipe();
        pipe.cmd("FLUSHALL").arg("SYNC").cmd("SET").arg(keys::key("clock")).arg(clock);
        pipe.query::<Value>(&mut self.connection).unwrap();
    }

    /// Listens for these workers, and for no others.
    pub(super) fn listen(&mut self, workers: impl Iterator<Item = usize>) {
        if let Some((_, number)) = self.listening.take() {
            // a connection that was merely dropped would be counted for another while
            redis::cmd("CLIENT").arg("KILL").arg("ID").arg(number).exec(&mut self.connection).unwrap();
        }
        let mut connection = self.client.get_connection().unwrap();
        let number = redis::cmd("CLIENT").arg("ID").query(&mut connection).unwrap();
        for worker in workers {
            let channel = keys::key(&format!("hand:{}", world::worker(worker)));
            redis::cmd("SUBSCRIBE").arg(channel).exec(&mut connection).unwrap();
        }
        self.listening = Some((connection, number));
    }

    pub(super) fn batch(&mut self, bound: usize) -> Batch<'_> {
        Batch { server: self, bound, bytes: Vec::new(), count: 0 }
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

/// Calls that are sent together.
pub(super) struct Batch<'a> {
    server: &'a mut Server,
    bound: usize,
    bytes: Vec<u8>,
    count: usize,
}

impl Batch<'_> {
    pub(super) fn call(&mut self, call: &Call) {
        match call {
            Call::Script(verb, arguments) => {
                let mut command = redis::cmd("FCALL");
                let function = format!("{}_{}", name(self.bound), verb.name());
                command.arg(function).arg(1).arg(keys::PREFIX).arg(arguments);
                self.add(&command);
            }
            Call::Plain(words) => {
                let mut command = redis::Cmd::new();
                command.arg(words);
                self.add(&command);
            }
        }
    }

    /// Asks what is wrong with the keys: an empty list is nothing.
    pub(super) fn check(&mut self) {
        let mut command = redis::cmd("EVALSHA");
        command.arg(&self.server.check).arg(1).arg(keys::PREFIX).arg(self.bound);
        self.add(&command);
    }

    /// Asks for all keys with what they hold.
    pub(super) fn look(&mut self) {
        let mut command = redis::cmd("EVALSHA");
        command.arg(&self.server.look).arg(1).arg(keys::PREFIX);
        self.add(&command);
    }

    fn add(&mut self, command: &redis::Cmd) {
        self.bytes.extend(command.get_packed_command());
        self.count += 1;
    }

    /// Sends all; the answers in order.
    pub(super) fn send(self) -> Vec<Reply> {
        let answers = self.server.connection.req_packed_commands(&self.bytes, 0, self.count).unwrap();
        assert_eq!(answers.len(), self.count);
        answers.into_iter().map(Reply::from).collect()
    }
}

impl From<Value> for Reply {
    fn from(value: Value) -> Self {
        match value {
            Value::Nil => Self::Nil,
            Value::Int(number) => Self::Int(number),
            Value::BulkString(bytes) => Self::Text(String::from_utf8_lossy(&bytes).into_owned()),
            Value::SimpleString(text) => Self::Text(text),
            Value::Okay => Self::Text("OK".to_owned()),
            Value::Array(list) => Self::List(list.into_iter().map(Self::from).collect()),
            Value::ServerError(error) => Self::Error(error.to_string()),
            other => Self::Error(format!("{other:?}")),
        }
    }
}

/// A machine that stands still between two looks at its clock.
const STALLING: &str = "(function() return { redis.call('INCRBY', K .. 'clock', 7), '0' } end)()";

#[test]
fn a_script_has_one_moment_however_long_it_stands_still() {
    let mut texts = Texts::of_the_protocol();
    texts.replace(None, KEY_CLOCK.trim_end(), STALLING);
    let twice = Source { verb: Verb::Told, parts: "", body: "return { now(), now() }\n" };
    texts.verbs[Verb::Told as usize] = twice.registration();
    let mut server = Server::start(&texts, &[1]);
    server.reset(0);
    let mut batch = server.batch(1);
    batch.call(&Call::Script(Verb::Told, Vec::new()));
    assert_eq!(batch.send(), [Reply::List(vec![Reply::Int(7000), Reply::Int(7000)])]);
}
