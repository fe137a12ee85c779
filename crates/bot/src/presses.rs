//! A pressed button: whose it is, what it asks for, and the word that its user sees at once.
//!
//! All state is in the record of the job that the button names, so a button is as good after a restart as before, and as
//! long as the record is kept. What makes jobs is submitted before the update is acknowledged, like a prompt.

use std::sync::Arc;

use atelier_domain::{
    BatchWish, Incoming, InputImage, Job, JobId, JobState, JobWish, Language, ModelId, PictureWish, Prefs, Press,
    Request, Say, Seed, StoryWish, Tell, buttons, caption,
};
use atelier_queue::{Batch, Cancelling, Errand, QueueError, Record, Spend, Urgency};
use atelier_telegram::intake::Hold;
use atelier_telegram::{DeliveryError, Keyboard, Place};
use tracing::{info, warn};

use crate::answers::{self, actor, flood};
use crate::intake::language;
use crate::orders::{self, Ask, Order, Purpose};
use crate::{Front, albums, pictures, privacy, settings, slots, stories};

/// Longest word that a pressed button is answered with (Bot API, `answerCallbackQuery`).
const TOAST: usize = 200;
/// Variants that one press makes.
const VARIANTS: usize = 4;

/// What the user is told.
enum Word {
    Toast(String),
    /// The button did what it says by itself.
    Silent,
}

/// Takes a pressed button; `Err` leaves its update with Telegram.
pub(crate) async fn take(
    front: &Arc<Front>,
    incoming: &Arc<Incoming>,
    query: &str,
    data: &str,
    prefs: Prefs,
) -> Result<(), Hold> {
    let language = language(incoming);
    let (word, outcome) = match press(front, incoming, data, prefs, language).await {
        Ok(word) => (word, Ok(())),
        Err(error) => {
            warn!(update = incoming.update.0, %error, "a button could not be served");
            let word = Word::Toast(language.say(&Say::UnavailableLook));
            // said now: by the time that the queue is back the query has expired, and the wish with it
            (word, Ok(()))
        }
    };
    let (this, query) = (front.clone(), query.to_owned());
    let spend = Spend::free(incoming.bot, incoming.chat.id, "callback");
    front.tasks.spawn(async move {
        let toast = match &word {
            Word::Toast(text) => Some(caption::cut(text, TOAST)),
            Word::Silent => None,
        };
        let answer = || this.telegram.answer(&query, toast.as_deref());
        match this.queue.paced(spend, Urgency::Answer, flood, answer).await {
            Ok(_) | Err(DeliveryError::LateQuery) => {}
            Err(error) => warn!(outcome = error.name(), %error, "a button could not be answered"),
        }
    });
    outcome
}

async fn press(
    front: &Arc<Front>,
    incoming: &Arc<Incoming>,
    data: &str,
    prefs: Prefs,
    language: Language,
) -> Result<Word, QueueError> {
    let Ok(press) = data.parse::<Press>() else { return Ok(Word::Toast(language.say(&Say::ToastUnknown))) };
    // looking around may be as fast as one likes
    let acts = !matches!(press, Press::Choose(_) | Press::Set(..) | Press::Job(JobWish::Models | JobWish::Back, _))
        && !matches!(press, Press::Story(StoryWish::Format(_), _));
    if acts && !front.queue.tap(incoming.bot, incoming.user.id, data, incoming.update).await? {
        return Ok(Word::Toast(language.tell(&Tell::ToastTwice)));
    }
    match press {
        Press::Job(wish, id) => match owned(front, incoming, &id).await? {
            Ok(record) => one(front, incoming, wish, record, language).await,
            Err(refusal) => Ok(Word::Toast(language.tell(&refusal))),
        },
        Press::With(id, model) => match owned(front, incoming, &id).await? {
            Ok(Record { job: Some(job), .. }) => {
                let Some(request) = with_model(front, &job.request, &model) else {
                    return Ok(Word::Toast(language.say(&Say::ToastUnknown)));
                };
                restore(front, incoming, &job, language);
                draw(front, incoming, vec![request], language).await.map(Word::Toast)
            }
            Ok(_) => Ok(Word::Toast(language.tell(&Tell::ToastGone))),
            Err(refusal) => Ok(Word::Toast(language.tell(&refusal))),
        },
        Press::Batch(wish, id) => match owned(front, incoming, &id).await? {
            Ok(_) => match front.queue.batch(&id).await? {
                Some(batch) => all(front, incoming, wish, &batch, language).await,
                None => Ok(Word::Toast(language.tell(&Tell::ToastGone))),
            },
            Err(refusal) => Ok(Word::Toast(language.tell(&refusal))),
        },
        Press::Cook(id) => match front.queue.recipe(&id).await? {
            Some(request) => draw(front, incoming, vec![request], language).await.map(Word::Toast),
            None => Ok(Word::Toast(language.tell(&Tell::RecipeGone))),
        },
        Press::Example(number) => {
            let prompt = language.tell(&Tell::Example { number: u32::from(number) });
            let ask = Ask { text: &prompt, purpose: Purpose::Draw, images: Vec::new(), prefs };
            make(front, incoming, &ask, language).await
        }
        Press::Picture(PictureWish::Edit) => Ok(Word::Toast(language.tell(&Tell::EditHow))),
        Press::Picture(wish) => {
            let picture = incoming.answered.as_ref().and_then(|answered| answered.picture.as_ref());
            let Some(picture) = picture else { return Ok(Word::Toast(language.tell(&Tell::ToastGone))) };
            let purpose = if wish == PictureWish::Animate { Purpose::Film } else { Purpose::Edit };
            let ask = Ask { text: pictures::words(wish), purpose, images: vec![picture.image.clone()], prefs };
            make(front, incoming, &ask, language).await
        }
        Press::Choose(field) => {
            let (this, incoming) = (front.clone(), incoming.clone());
            front.tasks.spawn(async move { settings::choose(&this, &incoming, &prefs, field, language).await });
            Ok(Word::Silent)
        }
        Press::Set(field, value) => {
            if !settings::may_change(front, incoming).await {
                return Ok(Word::Toast(language.tell(&Tell::SettingsAdmins)));
            }
            settings::set(front, incoming, field, value.as_deref()).await?;
            Ok(Word::Silent)
        }
        Press::Story(wish, id) => {
            let told = stories::press(front, incoming, wish, &id, prefs, language).await?;
            Ok(told.map_or(Word::Silent, Word::Toast))
        }
        Press::Forget => {
            let sentence = privacy::forget(front, incoming, language).await?;
            answers::spawn_reply(front, incoming.clone(), sentence);
            Ok(Word::Silent)
        }
    }
}

/// Submits what a text with its pictures asks for.
async fn make(
    front: &Arc<Front>,
    incoming: &Arc<Incoming>,
    ask: &Ask<'_>,
    language: Language,
) -> Result<Word, QueueError> {
    match orders::read(front, language, ask) {
        Ok(requests) => draw(front, incoming, requests, language).await.map(Word::Toast),
        Err(sentence) => Ok(Word::Toast(sentence)),
    }
}

/// The record of a job that this user may touch.
async fn owned(front: &Front, incoming: &Incoming, id: &JobId) -> Result<Result<Record, Tell<'static>>, QueueError> {
    let Some(record) = front.queue.record(id).await? else { return Ok(Err(Tell::ToastGone)) };
    let here = record.bot == Some(incoming.bot);
    let may = match record.user {
        Some(user) if here => settings::may_touch(front, incoming, user).await,
        _ => front.is_admin(incoming.user.id),
    };
    Ok(if may { Ok(record) } else { Err(Tell::ToastForeign) })
}

async fn one(
    front: &Arc<Front>,
    incoming: &Arc<Incoming>,
    wish: JobWish,
    record: Record,
    language: Language,
) -> Result<Word, QueueError> {
    let Some(job) = &record.job else { return Ok(Word::Toast(language.tell(&Tell::ToastGone))) };
    match wish {
        JobWish::Cancel => cancel(front, incoming, &record.id, language).await,
        JobWish::Again => draw(front, incoming, vec![afresh(&job.request)], language).await.map(Word::Toast),
        JobWish::Vary => draw(front, incoming, vec![afresh(&job.request); VARIANTS], language).await.map(Word::Toast),
        JobWish::Retry => {
            let (done, refused) = orders::retry(front, incoming, std::slice::from_ref(&record)).await?;
            Ok(Word::Toast(match refused {
                Some(why) => language.say(&why),
                None => language.tell(if done > 0 { &Tell::ToastStarted } else { &Tell::ToastTwice }),
            }))
        }
        JobWish::Models => {
            let others = buttons::others(&front.catalogue, &job.request.model);
            let rows = buttons::models(language, &record.id, &front.catalogue, &others);
            Ok(show(front, incoming, &Keyboard::of(&rows)).await)
        }
        JobWish::Back => {
            let rows = if record.state == JobState::Done {
                buttons::result(language, &record.id, front.abilities(job))
            } else {
                buttons::failed(language, &record.id, front.abilities(job))
            };
            Ok(show(front, incoming, &Keyboard::of(&rows)).await)
        }
        JobWish::Edit => Ok(Word::Toast(language.tell(&Tell::EditHow))),
        JobWish::Recipe => {
            front.queue.share_recipe(&record.id, (incoming.bot, incoming.user.id), &job.request).await?;
            let username = front.telegram.identity().map_or("", |identity| identity.username.as_str());
            let link = format!("https://t.me/{username}?start=r_{}", record.id);
            answers::spawn_reply(front, incoming.clone(), language.tell(&Tell::RecipeLink { link: &link }));
            Ok(Word::Silent)
        }
        JobWish::Original => {
            let errand = Errand::Original(record.id.clone(), incoming.update);
            originals(front, std::slice::from_ref(&record), &errand, language).await
        }
        JobWish::Animate => {
            // of a tile, whose buttons stand under the album, the file is on record
            let image = match &incoming.picture {
                Some(picture) => Some(picture.image.clone()),
                None => front.queue.file(&record.id).await?.as_deref().and_then(InputImage::of_file),
            };
            let Some(image) = image else { return Ok(Word::Toast(language.tell(&Tell::ToastGone))) };
            let images = vec![image];
            let text = job.request.prompt.as_str();
            let ask = Ask { text, purpose: Purpose::Film, images, prefs: Prefs::default() };
            make(front, incoming, &ask, language).await
        }
    }
}

async fn all(
    front: &Arc<Front>,
    incoming: &Arc<Incoming>,
    wish: BatchWish,
    batch: &Batch,
    language: Language,
) -> Result<Word, QueueError> {
    match wish {
        BatchWish::Cancel => {
            let ids: Vec<JobId> =
                batch.jobs.iter().filter(|record| !record.state.is_final()).map(|record| record.id.clone()).collect();
            let count = answers::cancel_all(front, incoming, &ids, None).await?;
            spawn_refresh(front, &batch.id);
            Ok(Word::Toast(language.tell(&Tell::ToastCancelledMany { count })))
        }
        BatchWish::Again => {
            let jobs = batch.jobs.iter().filter_map(|record| record.job.as_ref());
            let requests: Vec<Request> = jobs.map(|job| afresh(&job.request)).collect();
            draw(front, incoming, requests, language).await.map(Word::Toast)
        }
        BatchWish::Retry => {
            let failed: Vec<Record> =
                batch.jobs.iter().filter(|record| record.state == JobState::Dead).cloned().collect();
            let (count, refused) = orders::retry(front, incoming, &failed).await?;
            if count > 0 {
                spawn_refresh(front, &batch.id);
            }
            Ok(Word::Toast(match refused {
                Some(why) => language.say(&why),
                None => language.tell(if count > 0 { &Tell::ToastStarted } else { &Tell::ToastNothingFailed }),
            }))
        }
        BatchWish::Choose => Ok(choose(front, incoming, batch, JobWish::Vary, language).await),
        BatchWish::Film => Ok(choose(front, incoming, batch, JobWish::Animate, language).await),
        BatchWish::Originals => {
            let errand = Errand::Originals(batch.id.clone(), incoming.update);
            originals(front, &batch.jobs, &errand, language).await
        }
        BatchWish::Back => {
            spawn_refresh(front, &batch.id);
            Ok(Word::Silent)
        }
    }
}

/// Offers the pictures of a message by number.
async fn choose(front: &Front, incoming: &Incoming, batch: &Batch, wish: JobWish, language: Language) -> Word {
    let done = batch.jobs.iter().filter(|record| record.delivered.is_some());
    let jobs: Vec<(u8, JobId)> =
        done.filter_map(|record| record.job.as_ref().map(|job| (job.index, record.id.clone()))).collect();
    let rows = buttons::choose(language, &batch.id, wish, &jobs);
    show(front, incoming, &Keyboard::of(&rows)).await;
    Word::Toast(language.tell(&Tell::ToastChoose))
}

/// Has the files sent that the pictures of these jobs were made from, all those of a message or one.
async fn originals(front: &Front, records: &[Record], errand: &Errand, language: Language) -> Result<Word, QueueError> {
    let kept = records.iter().filter(|record| record.delivered.is_some() && record.outputs_ms.is_some());
    let count = u32::try_from(kept.count()).unwrap_or(u32::MAX);
    if count == 0 {
        return Ok(Word::Toast(language.tell(&Tell::OriginalNone)));
    }
    front.queue.send_once(errand).await?;
    Ok(Word::Toast(language.tell(&Tell::OriginalComing { count })))
}

async fn cancel(
    front: &Arc<Front>,
    incoming: &Arc<Incoming>,
    id: &JobId,
    language: Language,
) -> Result<Word, QueueError> {
    // whose it is was asked before
    let say = match front.queue.cancel(id, &actor(incoming), None).await? {
        Cancelling::Cancelled => {
            let (this, id, message) = (front.clone(), id.clone(), incoming.message);
            front.tasks.spawn(async move { answers::show_cancelled(&this, &id, Some(message)).await });
            Say::ToastCancelled
        }
        Cancelling::Asked => Say::ToastCancelAsked,
        Cancelling::Ended => Say::ToastCancelLate,
        Cancelling::Foreign => Say::ToastCancelForeign,
        Cancelling::Unknown => Say::ToastUnknown,
    };
    Ok(Word::Toast(language.say(&say)))
}

/// Submits requests that a button asked for; what the person is told.
pub(crate) async fn draw(
    front: &Arc<Front>,
    incoming: &Arc<Incoming>,
    requests: Vec<Request>,
    language: Language,
) -> Result<String, QueueError> {
    if requests.is_empty() {
        return Ok(language.tell(&Tell::ToastGone));
    }
    Ok(match orders::submit(front, incoming, language, requests).await? {
        Order::Accepted(jobs) => {
            info!(update = incoming.update.0, chat = incoming.chat.id.0, jobs = jobs.len(), "button accepted");
            slots::spawn(front, jobs).await;
            language.tell(&Tell::ToastStarted)
        }
        Order::Before(ids) => {
            slots::spawn_missing(front, ids).await;
            language.tell(&Tell::ToastStarted)
        }
        Order::Refused(sentence) => sentence,
    })
}

/// The same wish without its seed, so that another one is drawn.
fn afresh(request: &Request) -> Request {
    Request { seed: None::<Seed>, ..request.clone() }
}

/// The same wish for another model; `None` when it is not on offer or cannot serve it.
fn with_model(front: &Front, request: &Request, model: &ModelId) -> Option<Request> {
    front.catalogue.get(model)?.adapt(request).ok()
}

/// Puts the usual buttons back under a result whose list of models was open.
fn restore(front: &Arc<Front>, incoming: &Arc<Incoming>, job: &Job, language: Language) {
    let keyboard = Keyboard::of(&buttons::result(language, &job.id, front.abilities(job)));
    let (this, incoming) = (front.clone(), incoming.clone());
    front.tasks.spawn(async move {
        show(&this, &incoming, &keyboard).await;
    });
}

fn spawn_refresh(front: &Arc<Front>, batch: &JobId) {
    let (this, batch) = (front.clone(), batch.clone());
    front.tasks.spawn(async move { albums::refresh(&this, &batch).await });
}

/// Changes the buttons of the message that was pressed.
async fn show(front: &Front, incoming: &Incoming, keyboard: &Keyboard) -> Word {
    let place = Place::from(incoming.chat);
    let spend = Spend::edit(incoming.bot, incoming.chat.id);
    let edited = front
        .queue
        .paced(spend, Urgency::Answer, flood, || front.telegram.edit_buttons(place, incoming.message, keyboard))
        .await;
    if let Err(error) = edited {
        warn!(update = incoming.update.0, outcome = error.name(), %error, "buttons could not be changed");
    }
    Word::Silent
}
