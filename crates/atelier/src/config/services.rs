//! Settings of what makes pictures: services, their accounts and models, and what prompts may not ask for.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use atelier_domain::safety::Rules;
use atelier_domain::{AccountId, Catalogue, ModelId};
use atelier_provider::service::BadService;
use atelier_provider::{Providers, Surroundings, replicate, sketch};
use clap::Args;
use secrecy::SecretString;
use url::Url;

use super::{secret, web_address};
use crate::failure::Failure;

/// Which services.
#[derive(Debug, Args)]
pub(crate) struct ProviderArguments {
    /// The token for Replicate; without one only the offline model `sketch` is there.
    #[arg(long, env = "REPLICATE_API_TOKEN", hide_env_values = true, value_name = "TOKEN", value_parser = secret)]
    replicate_token: Option<SecretString>,
    /// Another address of Replicate's API than its own.
    #[arg(long, env = "REPLICATE_BASE_URL", value_name = "URL", value_parser = web_address)]
    replicate_url: Option<Url>,
    /// A TOML file with the accounts of other services, their models, and changes to the list of models.
    #[arg(long, env = "ATELIER_CATALOGUE", value_name = "FILE")]
    catalogue: Option<PathBuf>,
    /// A TOML file with the words that prompts may not hold, in place of the list that is built in.
    #[arg(long, env = "ATELIER_SAFETY", value_name = "FILE")]
    safety: Option<PathBuf>,
    /// Only these models (default: all whose service is set up); several, separated by commas.
    #[arg(long = "model", env = "ATELIER_MODELS", value_name = "MODEL", value_delimiter = ',')]
    models: Vec<String>,
}

impl ProviderArguments {
    /// The services that are set up.
    pub(crate) fn providers(&self) -> Result<Providers, Failure> {
        self.providers_told_at(None)
    }

    /// Whether another address than Replicate's own is asked.
    pub(crate) fn has_own_replicate(&self) -> bool {
        self.replicate_url.is_some()
    }

    /// The same; Replicate tells the ends of predictions at this address.
    pub(crate) fn providers_told_at(&self, hook: Option<Url>) -> Result<Providers, Failure> {
        let mut providers = Providers::none().with(Arc::new(sketch::Sketch::new(sketch::Settings::default())));
        if let Some(path) = &self.catalogue {
            let around = Surroundings { variable: &variable, file: &|named| read(&beside(path, named)) };
            providers = providers.and_accounts(&text(path)?, &around).map_err(|error| wrong(path, &error))?;
        }
        let Some(replicate) = self.replicate()? else { return Ok(providers) };
        if providers.iter().any(|provider| *provider.account() == AccountId::replicate()) {
            return Err(Failure::usage(
                "REPLICATE_API_TOKEN is the account `replicate`; give the one of the file another name",
            ));
        }
        Ok(providers.with(Arc::new(replicate.telling(hook))))
    }

    /// The account that the variables describe.
    pub(crate) fn replicate(&self) -> Result<Option<replicate::Replicate>, Failure> {
        let Some(token) = self.replicate_token.clone() else { return Ok(None) };
        let bad = |error: BadService| Failure::usage(format!("REPLICATE_API_TOKEN or REPLICATE_BASE_URL: {error}"));
        let mut service = replicate::service(AccountId::replicate(), token).map_err(bad)?;
        if let Some(url) = &self.replicate_url {
            service.base_url = url.clone();
        }
        replicate::Replicate::new(service).map(Some).map_err(bad)
    }

    /// The models on offer: those asked for, or all whose service is set up.
    pub(crate) fn catalogue(&self, providers: &Providers) -> Result<Catalogue, Failure> {
        let all = catalogue_of(self.catalogue.as_deref())?;
        let mut wanted: Vec<ModelId> = Vec::new();
        for name in self.models.iter().map(|name| name.trim()).filter(|name| !name.is_empty()) {
            let model = all.find(name).ok_or_else(|| {
                let known = all.models().iter().map(|model| model.id.as_str()).collect::<Vec<_>>().join(", ");
                Failure::usage(format!("invalid value '{name}' for '--model <MODEL>' (or ATELIER_MODELS in the environment): the models are {known}"))
            })?;
            if !providers.serves(model) {
                let (id, account) = (&model.id, &model.provider);
                let fix = if *account == AccountId::replicate() {
                    "REPLICATE_API_TOKEN".to_owned()
                } else {
                    format!("an [[account]] named {account} in ATELIER_CATALOGUE")
                };
                return Err(Failure::usage(format!("model {id} needs {fix} (without one there is sketch only)")));
            }
            wanted.push(model.id.clone());
        }
        Ok(all.only(|model| providers.serves(model) && (wanted.is_empty() || wanted.contains(&model.id))))
    }

    /// What prompts may not ask for.
    pub(crate) fn rules(&self) -> Result<Rules, Failure> {
        match &self.safety {
            None => Ok(Rules::builtin().clone()),
            Some(path) => Rules::from_toml(&text(path)?).map_err(|error| wrong(path, &error)),
        }
    }

    /// Whether any service is set up.
    pub(crate) fn has_service(&self) -> bool {
        self.replicate_token.is_some() || self.catalogue.is_some()
    }
}

/// The models that are built in, with the changes of the operator's file.
pub(crate) fn catalogue_of(path: Option<&Path>) -> Result<Catalogue, Failure> {
    match path {
        None => Ok(Catalogue::builtin().clone()),
        Some(path) => Catalogue::with(&text(path)?).map_err(|error| wrong(path, &error)),
    }
}

/// A path in a file counts from where that file is.
fn beside(file: &Path, named: &Path) -> PathBuf {
    file.parent().map_or_else(|| named.to_owned(), |folder| folder.join(named))
}

fn read(path: &Path) -> std::io::Result<String> {
    std::fs::read_to_string(path)
}

fn text(path: &Path) -> Result<String, Failure> {
    read(path).map_err(|error| wrong(path, &error))
}

fn wrong(path: &Path, error: &dyn std::fmt::Display) -> Failure {
    Failure::usage(format!("{}: {error}", path.display()))
}

#[expect(clippy::disallowed_methods, reason = "the file says which variables hold secrets, so clap cannot know them")]
fn variable(name: &str) -> Option<SecretString> {
    std::env::var(name).ok().filter(|value| !value.is_empty()).map(SecretString::from)
}
