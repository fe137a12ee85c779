//! Which providers are configured, and which of them runs a model.

use std::fmt;
use std::sync::Arc;

use atelier_domain::{AccountId, Model};

use crate::Provider;
use crate::openai::moderation::Moderation;
use crate::replicate::Replicate;
use crate::service::{BadService, Service};
use crate::sketch::{self, Sketch};

/// The configured providers, one of each account at most.
#[derive(Clone, Default)]
pub struct Providers {
    all: Vec<Arc<dyn Provider>>,
    /// How many generations may run at an account at once, where that is a number.
    pub(crate) caps: Vec<(AccountId, usize)>,
    moderation: Option<Arc<Moderation>>,
}

impl Providers {
    /// None yet.
    pub fn none() -> Self {
        Self::default()
    }

    /// The offline provider always, Replicate when there are settings for it.
    pub fn configured(offline: sketch::Settings, paid: Option<Service>) -> Result<Self, BadService> {
        let all = Self::none().with(Arc::new(Sketch::new(offline)));
        match paid {
            Some(settings) => Ok(all.with(Arc::new(Replicate::new(settings)?))),
            None => Ok(all),
        }
    }

    /// These and `provider`, which takes the place of another one of its account.
    #[must_use]
    pub fn with(mut self, provider: Arc<dyn Provider>) -> Self {
        self.all.retain(|other| other.account() != provider.account());
        self.all.push(provider);
        self
    }

    /// These, with so many generations of all workers at an account at once, if that is a number.
    #[must_use]
    pub fn with_cap(mut self, account: &AccountId, at_once: Option<usize>) -> Self {
        self.caps.extend(at_once.map(|most| (account.clone(), most.max(1))));
        self
    }

    /// How many generations may run at once at the account that runs this model.
    pub fn at_once(&self, model: &Model) -> Option<usize> {
        self.caps.iter().find(|(account, _)| *account == model.provider).map(|(_, most)| *most)
    }

    /// These, with a second opinion on prompts.
    #[must_use]
    pub fn with_moderation(mut self, moderation: Arc<Moderation>) -> Self {
        self.moderation = Some(moderation);
        self
    }

    /// Who is asked about prompts besides our own rules.
    pub fn moderation(&self) -> Option<&Arc<Moderation>> {
        self.moderation.as_ref()
    }

    /// Whether somebody runs this model.
    pub fn serves(&self, model: &Model) -> bool {
        self.of_account(&model.provider).is_some()
    }

    /// The provider that runs this model.
    pub fn for_model(&self, model: &Model) -> Option<Arc<dyn Provider>> {
        self.of_account(&model.provider).cloned()
    }

    /// All of them, for checks.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Provider>> {
        self.all.iter()
    }

    fn of_account(&self, account: &AccountId) -> Option<&Arc<dyn Provider>> {
        self.all.iter().find(|provider| provider.account() == account)
    }
}

impl fmt::Debug for Providers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.all.iter().map(|provider| provider.account())).finish()
    }
}

#[cfg(test)]
mod tests {
    use atelier_domain::Catalogue;

    use super::*;

    #[test]
    fn what_is_served_follows_what_is_configured() {
        let (catalogue, offline) = (Catalogue::builtin(), sketch::Settings::default());
        let free = Providers::configured(offline, None).unwrap();
        let served = catalogue.only(|model| free.serves(model));
        assert!(served.find("sketch").is_some() && served.find("imagen").is_none());
        assert!(free.for_model(catalogue.find("imagen").unwrap()).is_none());
        let paid = crate::replicate::service(AccountId::replicate(), "r8_x".into()).unwrap();
        let all = Providers::configured(offline, Some(paid)).unwrap();
        assert_eq!(catalogue.only(|model| all.serves(model)).models().len(), catalogue.models().len());
        assert_eq!(all.for_model(catalogue.find("imagen").unwrap()).unwrap().account(), &AccountId::replicate());
        assert_eq!(all.with(Arc::new(Sketch::new(offline))).iter().count(), 2, "one of each account");
    }
}
