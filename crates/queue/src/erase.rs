//! All that is on record about a user, and its removal.

use atelier_domain::{BotId, ChatId, JobId, Request, UserId};

use crate::error::QueueError;
use crate::keys::key;
use crate::link::Queue;
use crate::list::Filter;
use crate::record::Record;
use crate::scripts::Verb;

/// Whose the sums are of users who were forgotten.
const NOBODY: &str = "forgotten";

impl Queue {
    /// All jobs of a user that are on record.
    pub async fn all_jobs_of(&self, bot: BotId, user: UserId) -> Result<Vec<Record>, QueueError> {
        let filter = Filter { user: Some((bot, user)), ..Filter::default() };
        let ids: Vec<JobId> = self.matching(&filter).await?.into_iter().map(|found| found.id).collect();
        self.records(&ids).await
    }

    /// The recipes that a user has shared.
    pub async fn recipes_of(&self, bot: BotId, user: UserId) -> Result<Vec<(JobId, Request)>, QueueError> {
        let mine = key(&format!("recipes:{bot}:{user}"));
        let ids: Vec<String> = redis::cmd("SMEMBERS").arg(mine).query_async(&mut self.link()).await?;
        let mut recipes = Vec::new();
        for id in ids.iter().filter_map(|id| id.parse::<JobId>().ok()) {
            recipes.extend(self.recipe(&id).await?.map(|request| (id, request)));
        }
        Ok(recipes)
    }

    /// Removes what is on record about a user: jobs that have ended, recipes, stories, what was chosen in the private chat,
    /// and the name under what was paid. Jobs that have not ended stay: cancel them first. How many records were removed,
    /// and how many jobs are left.
    pub async fn erase(&self, bot: BotId, user: UserId, actor: &str) -> Result<(u32, usize), QueueError> {
        let jobs = self.all_jobs_of(bot, user).await?;
        let (ended, left): (Vec<_>, Vec<_>) = jobs.into_iter().partition(|record| record.state.is_final());
        let ids: Vec<JobId> = ended.iter().map(|record| record.id.clone()).collect();
        let mut erased = self.forget(&ids, actor).await?;
        let recipes = self.recipes_of(bot, user).await?;
        let mut pipeline = redis::pipe();
        for record in &ended {
            let batch = record.batch.as_ref().unwrap_or(&record.id);
            pipeline.cmd("DEL").arg(key(&format!("album:{batch}"))).ignore();
            pipeline.cmd("DEL").arg(key(&format!("batch:{batch}"))).ignore();
        }
        for (id, _) in &recipes {
            pipeline.cmd("DEL").arg(key(&format!("recipe:{id}"))).ignore();
            erased += 1;
        }
        let stories = key(&format!("stories:{bot}:{user}"));
        let told: Vec<String> = redis::cmd("SMEMBERS").arg(&stories).query_async(&mut self.link()).await?;
        for id in &told {
            pipeline.cmd("DEL").arg(key(&format!("story:{id}"))).ignore();
            erased += 1;
        }
        pipeline.cmd("DEL").arg(stories).ignore();
        for record in &ended {
            pipeline.cmd("DEL").arg(key(&format!("written:{}", record.id))).ignore();
        }
        // a private chat has its user's number
        let chat = ChatId(user.0);
        for name in ["recipes", "prefs"] {
            pipeline.cmd("DEL").arg(key(&format!("{name}:{bot}:{chat}"))).ignore();
        }
        pipeline.cmd("SREM").arg(key(&format!("people:{bot}"))).arg(user.0).ignore();
        if left.is_empty() {
            pipeline.cmd("DEL").arg(key(&format!("user:{bot}:{user}"))).ignore();
        }
        pipeline.query_async::<()>(&mut self.link()).await?;
        if left.is_empty() {
            let owner = format!("{bot}:{user}");
            self.call::<u32>(Verb::Nameless, &[owner.as_bytes(), NOBODY.as_bytes()]).await?;
        }
        Ok((erased, left.len()))
    }
}
