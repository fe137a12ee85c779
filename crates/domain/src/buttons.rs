//! Which buttons stand under which message. Bot and workers post them, so the choice is made here, once.

use crate::batch::Tally;
use crate::catalogue::{Catalogue, Model, ModelId, ModelKind};
use crate::ids::JobId;
use crate::press::{BatchWish, JobWish, Press};
use crate::texts::{Language, Tell};

/// A button: what it shows and what it asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Label {
    /// What it shows.
    pub text: String,
    /// What it asks for.
    pub press: Press,
}

/// Rows of buttons.
pub type Rows = Vec<Vec<Label>>;

/// What can be done with a model's result besides making another one.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Abilities {
    /// There is a model that changes pictures.
    pub edit: bool,
    /// There is a model that makes a video of a picture.
    pub animate: bool,
    /// There is more than one model that could have made it.
    pub others: bool,
    /// It is a picture, which the chat recompressed, and a service has the file.
    pub original: bool,
}

impl Abilities {
    /// What can be done with this model's result.
    pub fn of(catalogue: &Catalogue, model: &ModelId) -> Self {
        let picture = catalogue.get(model).is_some_and(|model| model.kind != ModelKind::Video);
        let original = picture && catalogue.get(model).is_some_and(|model| !model.provider.is_sketch());
        let makes = |kind| catalogue.of_kind(kind).any(Model::makes_from_images);
        Self {
            edit: picture && (makes(ModelKind::Edit) || makes(ModelKind::Image)),
            animate: picture && makes(ModelKind::Video),
            others: !others(catalogue, model).is_empty(),
            original,
        }
    }
}

/// The models that could do what this one does.
pub fn others(catalogue: &Catalogue, model: &ModelId) -> Vec<ModelId> {
    let kind = catalogue.get(model).map(|model| model.kind);
    let alike = catalogue.models().iter().filter(|other| Some(other.kind) == kind && other.id != *model);
    alike.map(|other| other.id.clone()).collect()
}

fn label(language: Language, tell: &Tell<'_>, press: Press) -> Label {
    Label { text: language.tell(tell), press }
}

/// Under a job that has not ended.
pub fn waiting(language: Language, id: &JobId) -> Rows {
    vec![vec![label(language, &Tell::ButtonCancel, Press::Job(JobWish::Cancel, id.clone()))]]
}

/// Under a result.
pub fn result(language: Language, id: &JobId, able: Abilities) -> Rows {
    let one = |tell: &Tell<'_>, wish| label(language, tell, Press::Job(wish, id.clone()));
    let mut second = Vec::new();
    if able.edit {
        second.push(one(&Tell::ButtonEdit, JobWish::Edit));
    }
    if able.animate {
        second.push(one(&Tell::ButtonAnimate, JobWish::Animate));
    }
    let mut third = Vec::new();
    if able.others {
        third.push(one(&Tell::ButtonModels, JobWish::Models));
    }
    third.push(one(&Tell::ButtonRecipe, JobWish::Recipe));
    let first = vec![one(&Tell::ButtonAgain, JobWish::Again), one(&Tell::ButtonVary, JobWish::Vary)];
    let fourth = if able.original { vec![one(&Tell::ButtonOriginal, JobWish::Original)] } else { Vec::new() };
    [first, second, third, fourth].into_iter().filter(|row| !row.is_empty()).collect()
}

/// Under a job that failed or was cancelled.
pub fn failed(language: Language, id: &JobId, able: Abilities) -> Rows {
    let mut row = vec![label(language, &Tell::ButtonRetry, Press::Job(JobWish::Retry, id.clone()))];
    if able.others {
        row.push(label(language, &Tell::ButtonModels, Press::Job(JobWish::Models, id.clone())));
    }
    vec![row]
}

/// The models that could do a job instead, two a row.
pub fn models(language: Language, id: &JobId, catalogue: &Catalogue, choices: &[ModelId]) -> Rows {
    let named = |model: &ModelId| catalogue.get(model).map_or_else(|| model.to_string(), |model| model.title.clone());
    let choice = |model: &ModelId| Label { text: named(model), press: Press::With(id.clone(), model.clone()) };
    let mut rows: Rows = choices.chunks(2).map(|pair| pair.iter().map(choice).collect()).collect();
    rows.push(vec![label(language, &Tell::ButtonBack, Press::Job(JobWish::Back, id.clone()))]);
    rows
}

/// Under the pictures of a message with several; what can be done with any of them.
pub fn batch(language: Language, id: &JobId, tally: &Tally, able: Abilities) -> Rows {
    let one = |tell: &Tell<'_>, wish| label(language, tell, Press::Batch(wish, id.clone()));
    if tally.left() > 0 {
        return vec![vec![one(&Tell::ButtonCancel, BatchWish::Cancel)]];
    }
    let mut first = vec![one(&Tell::ButtonAgain, BatchWish::Again)];
    if tally.failed > 0 {
        first.push(one(&Tell::ButtonRetryFailed { count: tally.failed }, BatchWish::Retry));
    }
    let mut second = vec![one(&Tell::ButtonVariations, BatchWish::Choose)];
    if able.animate {
        second.push(one(&Tell::ButtonFilm, BatchWish::Film));
    }
    if able.original {
        second.push(one(&Tell::ButtonOriginals, BatchWish::Originals));
    }
    if tally.done > 0 { vec![first, second] } else { vec![first] }
}

/// The pictures of a message by number, five a row, to choose one for this.
pub fn choose(language: Language, batch: &JobId, wish: JobWish, jobs: &[(u8, JobId)]) -> Rows {
    let one = |(index, id): &(u8, JobId)| Label { text: (index + 1).to_string(), press: Press::Job(wish, id.clone()) };
    let mut rows: Rows = jobs.chunks(5).map(|some| some.iter().map(one).collect()).collect();
    rows.push(vec![label(language, &Tell::ButtonBack, Press::Batch(BatchWish::Back, batch.clone()))]);
    rows
}
