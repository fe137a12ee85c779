//! The whole line: sixteen figures of bot, queue and worker together.

mod answers;
mod basics;
mod contender;
mod figures;
mod footprint;
mod options;
mod ours;
mod table;
mod together;

use std::process::ExitCode;

use options::Options;

/// Measures what the words ask for.
pub(crate) async fn main(words: impl Iterator<Item = String>) -> ExitCode {
    let options = match Options::from_words(words) {
        Ok(options) => options,
        Err(help) => {
            eprintln!("{help}");
            return ExitCode::from(64);
        }
    };
    let figures = figures::measure(&options).await;
    println!("{}", table::render(&figures));
    if options.json {
        println!("{}", figures.json());
    }
    ExitCode::SUCCESS
}
