//! Which providers are configured, and which of them runs a model.

use std::fmt;
use std::sync::Arc;

use atelier_domain::Model;
use atelier_domain::catalogue::ProviderKind;

use crate::Provider;

/// The configured providers, one of each kind at most.
#[derive(Clone, Default)]
pub struct Providers {
    all: Vec<Arc<dyn Provider>>,
}

impl Providers {
    /// None yet.
    pub fn none() -> Self {
        Self::default()
    }

    /// These and `provider`, which takes the place of another one of its kind.
    #[must_use]
    pub fn with(mut self, provider: Arc<dyn Provider>) -> Self {
        self.all.retain(|other| other.kind() != provider.kind());
        self.all.push(provider);
        self
    }

    /// Whether somebody runs this model.
    pub fn serves(&self, model: &Model) -> bool {
        self.of_kind(model.provider).is_some()
    }

    /// The provider that runs this model.
    pub fn for_model(&self, model: &Model) -> Option<Arc<dyn Provider>> {
        self.of_kind(model.provider).cloned()
    }

    /// All of them, for checks.
    pub fn iter(&self) -> impl Iterator<Item = &Arc<dyn Provider>> {
        self.all.iter()
    }

    fn of_kind(&self, kind: ProviderKind) -> Option<&Arc<dyn Provider>> {
        self.all.iter().find(|provider| provider.kind() == kind)
    }
}

impl fmt::Debug for Providers {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_list().entries(self.all.iter().map(|provider| provider.kind())).finish()
    }
}
