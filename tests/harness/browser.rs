//! A headless Chromium that a test looks through and types into, over the `DevTools` protocol.
//!
//! The protocol runs over two pipes (`--remote-debugging-pipe`: commands on descriptor 3, answers on 4, JSON closed by
//! a zero byte), so there is no port to find, no driver of a matching version, and the browser ends with its pipe.
//! Clicks and keys are the browser's own input events, aimed at what a person could hit. Waits happen in the page,
//! which looks again whenever something in it changed. Deliberately absent: the protocol's types; the few commands used
//! here have been the same for years, while lists of all events age with every browser.

use std::ffi::OsString;
use std::path::{Path, PathBuf};
use std::process::Stdio;

use base64::Engine as _;
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::io::{AsyncBufReadExt, AsyncWriteExt, BufReader};
use tokio::process::{Child, ChildStdin, ChildStdout, Command};

use crate::PATIENCE;

const NAMES: [&str; 6] =
    ["chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "Google Chrome", "Chromium"];
const PLACES: [&str; 3] =
    ["/usr/bin", "/Applications/Google Chrome.app/Contents/MacOS", "/Applications/Chromium.app/Contents/MacOS"];

/// What the browser says beside the protocol; many words, of use only when it does not start.
const WORDS: &str = "words.log";

/// How large the page is, in CSS pixels, and how it looks.
#[derive(Debug, Clone, Copy)]
pub struct View {
    /// Width of the page.
    pub width: u32,
    /// Height of the page.
    pub height: u32,
    /// Screen pixels for each CSS pixel.
    pub scale: u32,
    /// Whether the user's system prefers dark colours.
    pub dark: bool,
    /// Whether fingers touch it.
    pub touch: bool,
}

impl View {
    /// A window on a desk.
    pub const DESKTOP: Self = Self { width: 1200, height: 760, scale: 1, dark: false, touch: false };
    /// A phone held upright.
    pub const PHONE: Self = Self { width: 390, height: 844, scale: 2, dark: false, touch: true };

    /// The same in dark colours.
    #[must_use]
    pub fn dark(self) -> Self {
        Self { dark: true, ..self }
    }
}

/// A browser with one page; killed with the value, its profile removed.
pub struct Browser {
    commands: ChildStdin,
    answers: BufReader<ChildStdout>,
    session: Option<String>,
    sent: u64,
    complaints: Vec<String>,
    _child: Child,
    profile: TempDir,
}

/// The browser's executable: `ATELIER_TEST_BROWSER`, or the first one in the usual places.
fn program() -> PathBuf {
    if let Some(named) = std::env::var_os("ATELIER_TEST_BROWSER").filter(|named| !named.is_empty()) {
        let named = PathBuf::from(named);
        assert!(named.is_file(), "ATELIER_TEST_BROWSER names {}, and there is no such file", named.display());
        return named;
    }
    let path = std::env::var_os("PATH").unwrap_or_default();
    let places: Vec<PathBuf> = std::env::split_paths(&path).chain(PLACES.map(PathBuf::from)).collect();
    let found =
        NAMES.iter().flat_map(|name| places.iter().map(move |place| place.join(name))).find(|file| file.is_file());
    found.unwrap_or_else(|| {
        panic!(
            "no Chromium here: type sudo apt-get install chromium (or brew install --cask chromium), or name one in \
             ATELIER_TEST_BROWSER"
        )
    })
}

impl Browser {
    /// Opens the page and waits until it is loaded.
    pub async fn open(url: &str, view: View) -> Self {
        let profile = tempfile::tempdir().expect("a directory");
        let mut profile_flag = OsString::from("--user-data-dir=");
        profile_flag.push(profile.path());
        // a child is given only three descriptors: the shell moves two of them to where the browser expects its pipes
        let mut child = Command::new("/bin/sh")
            .args(["-c", r#"exec "$0" "$@" 3<&0 4>&1 </dev/null >/dev/null"#])
            .arg(program())
            .args(["--headless", "--remote-debugging-pipe", "--disable-gpu", "--disable-quic", "--hide-scrollbars"])
            // the sandbox needs rights that containers rarely have; the only page opened is our own
            .args(["--no-sandbox", "--disable-dev-shm-usage"])
            .args(["--no-first-run", "--disable-background-networking", "--disable-component-update", "--disable-sync"])
            .arg(profile_flag)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(std::fs::File::create(profile.path().join(WORDS)).expect("a log file"))
            .kill_on_drop(true)
            .spawn()
            .expect("a shell starts");
        let mut browser = Self {
            commands: child.stdin.take().expect("a pipe"),
            answers: BufReader::new(child.stdout.take().expect("a pipe")),
            session: None,
            sent: 0,
            complaints: Vec::new(),
            _child: child,
            profile,
        };
        let target = browser.call("Target.createTarget", json!({ "url": "about:blank" })).await["targetId"].clone();
        let attached = browser.call("Target.attachToTarget", json!({ "targetId": target, "flatten": true })).await;
        browser.session = Some(attached["sessionId"].as_str().expect("a session").to_owned());
        for domain in ["Page", "Runtime", "Log"] {
            browser.call(&format!("{domain}.enable"), json!({})).await;
        }
        browser.emulate(view).await;
        browser.call("Page.navigate", json!({ "url": url })).await;
        // the new document runs this only after the old one is gone, and then waits for itself
        browser.until(&format!("location.href.startsWith({}) && document.readyState === 'complete'", json!(url))).await;
        browser
    }

    /// Changes size and colours of the page.
    pub async fn look(&mut self, view: View) {
        self.emulate(view).await;
        self.until(&format!("innerWidth === {} && innerHeight === {}", view.width, view.height)).await;
    }

    async fn emulate(&mut self, view: View) {
        let View { width, height, scale, dark, touch } = view;
        let metrics = json!({ "width": width, "height": height, "deviceScaleFactor": scale, "mobile": touch });
        self.call("Emulation.setDeviceMetricsOverride", metrics).await;
        self.call("Emulation.setTouchEmulationEnabled", json!({ "enabled": touch })).await;
        let scheme = if dark { "dark" } else { "light" };
        let features = json!({ "features": [{ "name": "prefers-color-scheme", "value": scheme }] });
        self.call("Emulation.setEmulatedMedia", features).await;
    }

    /// Waits until an element that the user can see matches the selector and contains the text.
    pub async fn see(&mut self, selector: &str, text: &str) {
        self.until(&shown(selector, text)).await;
    }

    /// Waits until no such element is to be seen.
    pub async fn see_no(&mut self, selector: &str) {
        self.until(&format!("!{}", shown(selector, ""))).await;
    }

    /// Waits until so many pictures that match the selector are loaded.
    pub async fn see_pictures(&mut self, selector: &str, count: usize) {
        let loaded = format!(
            "[...document.querySelectorAll({})].filter(i => i.complete && i.naturalWidth > 1).length >= {count}",
            json!(selector)
        );
        self.until(&loaded).await;
    }

    /// Clicks the last visible element that matches, once it lies still and nothing covers it.
    pub async fn click(&mut self, selector: &str, text: &str) {
        self.see(selector, text).await;
        let find = shown(selector, text);
        let aim = format!(
            "new Promise(done => {{
                let last = '';
                const look = () => {{
                    const element = {find};
                    const box = element?.getBoundingClientRect();
                    const x = box?.x + box?.width / 2, y = box?.y + box?.height / 2;
                    const place = `${{x}} ${{y}}`;
                    if (element && place === last && element.contains(document.elementFromPoint(x, y))) return done([x, y]);
                    last = place;
                    requestAnimationFrame(look);
                }};
                look();
            }})"
        );
        let place = self.run(&aim, &format!("{selector} “{text}” does not become clickable")).await;
        for kind in ["mouseMoved", "mousePressed", "mouseReleased"] {
            let event = json!({ "type": kind, "x": place[0], "y": place[1], "button": "left", "clickCount": 1 });
            self.call("Input.dispatchMouseEvent", event).await;
        }
    }

    /// Types into what has the focus.
    pub async fn type_text(&mut self, text: &str) {
        self.call("Input.insertText", json!({ "text": text })).await;
    }

    /// Presses Enter in what has the focus.
    pub async fn press_enter(&mut self) {
        for kind in ["keyDown", "keyUp"] {
            let mut event = json!({ "type": kind, "key": "Enter", "code": "Enter", "windowsVirtualKeyCode": 13 });
            if kind == "keyDown" {
                event["text"] = json!("\r");
            }
            self.call("Input.dispatchKeyEvent", event).await;
        }
    }

    /// Writes what is to be seen into a file, once pictures are decoded and animations have ended; the ending of its name, `png` or `webp`,
    /// decides the format.
    pub async fn screenshot(&mut self, file: &Path) {
        let still = "document.fonts.ready
            .then(() => Promise.allSettled([...document.images].map(image => image.decode())))
            .then(() => Promise.allSettled(document.getAnimations()
            .filter(animation => animation.effect.getTiming().iterations !== Infinity).map(animation => animation.finished)))
            .then(() => new Promise(done => requestAnimationFrame(() => requestAnimationFrame(() => done(true)))))";
        self.run(still, "the page does not come to rest").await;
        let format = if file.extension().is_some_and(|ending| ending == "webp") {
            json!({ "format": "webp", "quality": 86 })
        } else {
            json!({ "format": "png" })
        };
        let shot = self.call("Page.captureScreenshot", format).await;
        let bytes = base64::engine::general_purpose::STANDARD.decode(shot["data"].as_str().expect("a picture"));
        if let Some(directory) = file.parent() {
            tokio::fs::create_dir_all(directory).await.expect("a directory");
        }
        tokio::fs::write(file, bytes.expect("base64")).await.expect("a picture is written");
    }

    /// The value of a JavaScript expression now.
    pub async fn value(&mut self, expression: &str) -> Value {
        self.run(expression, expression).await
    }

    /// What the page reported as wrong: exceptions, refused requests, blocked scripts.
    pub fn complaints(&self) -> &[String] {
        &self.complaints
    }

    /// Waits until the expression holds; it is looked at after every change of the page.
    pub async fn until(&mut self, expression: &str) {
        let watch = format!(
            "new Promise(done => {{
                const look = () => {{
                    if (!({expression})) return;
                    observer.disconnect();
                    for (const name of names) removeEventListener(name, look, true);
                    done(true);
                }};
                const names = ['load', 'resize', 'scroll', 'animationend', 'transitionend'];
                const observer = new MutationObserver(look);
                observer.observe(document, {{ subtree: true, childList: true, attributes: true, characterData: true }});
                for (const name of names) addEventListener(name, look, true);
                look();
            }})"
        );
        self.run(&watch, &format!("never true: {expression}")).await;
    }

    /// Runs JavaScript in the page and waits for its promise.
    async fn run(&mut self, expression: &str, late: &str) -> Value {
        let arguments = json!({ "expression": expression, "awaitPromise": true, "returnByValue": true });
        let outcome = tokio::time::timeout(PATIENCE, self.exchange("Runtime.evaluate", &arguments)).await;
        let Ok(outcome) = outcome else {
            let text = self.call("Runtime.evaluate", json!({ "expression": "document.body.innerText" })).await;
            panic!("{late}; the page says {}; it complained {:?}", text["result"]["value"], self.complaints)
        };
        let answer = outcome.unwrap_or_else(|error| panic!("{expression}: {error}"));
        assert!(answer.get("exceptionDetails").is_none(), "{expression} threw {}", answer["exceptionDetails"]);
        answer["result"]["value"].clone()
    }

    /// One command of the protocol and its result.
    async fn call(&mut self, method: &str, arguments: Value) -> Value {
        let outcome = tokio::time::timeout(PATIENCE, self.exchange(method, &arguments)).await;
        let outcome = outcome.unwrap_or_else(|_| panic!("the browser does not answer {method} {arguments}"));
        outcome.unwrap_or_else(|error| panic!("the browser refuses {method} {arguments}: {error}"))
    }

    async fn exchange(&mut self, method: &str, arguments: &Value) -> Result<Value, String> {
        self.sent += 1;
        let mut command = json!({ "id": self.sent, "method": method, "params": arguments });
        if let Some(session) = &self.session {
            command["sessionId"] = json!(session);
        }
        let mut bytes = command.to_string().into_bytes();
        bytes.push(0);
        // a browser that is gone is noticed below, where its last words are known
        let _ = self.commands.write_all(&bytes).await;
        loop {
            let mut message = self.next().await?;
            if message["id"] == self.sent {
                return match message.get("error") {
                    Some(error) => Err(error.to_string()),
                    None => Ok(message["result"].take()),
                };
            }
            self.listen(&message["method"], &message["params"]);
        }
    }

    async fn next(&mut self) -> Result<Value, String> {
        let mut bytes = Vec::new();
        let read = self.answers.read_until(0, &mut bytes).await.map_err(|error| error.to_string())?;
        if read == 0 {
            let said = tokio::fs::read_to_string(self.profile.path().join(WORDS)).await.unwrap_or_default();
            return Err(format!("the browser ended: {said}"));
        }
        serde_json::from_slice(bytes.trim_ascii_end().strip_suffix(&[0]).unwrap_or(&bytes))
            .map_err(|error| error.to_string())
    }

    fn listen(&mut self, event: &Value, about: &Value) {
        if event == "Runtime.exceptionThrown" {
            self.complaints.push(about["exceptionDetails"].to_string());
        } else if event == "Log.entryAdded" && about["entry"]["level"] == "error" {
            self.complaints.push(about["entry"].to_string());
        }
    }
}

/// JavaScript for the last visible element that matches the selector and contains the text.
fn shown(selector: &str, text: &str) -> String {
    format!(
        "[...document.querySelectorAll({})].findLast(e => e.checkVisibility() && e.textContent.includes({}))",
        json!(selector),
        json!(text)
    )
}
