//! The operator's accounts: one TOML file that names them, beside the models that they run.
//!
//! Invariant: what is wrong is said before anything starts, with the account's name and what would be right; secrets are
//! not in the file, only the names of the variables that hold them.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use atelier_domain::{AccountId, ModelId};
use secrecy::SecretString;
use serde::Deserialize;
use url::Url;

use crate::comfy::{BadGraph, Comfy, Graph};
use crate::openai::OpenAi;
use crate::openai::moderation::Moderation;
use crate::replicate::{self, Replicate};
use crate::sdapi::SdApi;
use crate::service::{BadService, Limits, Secret, Service};
use crate::{Provider, Providers};

/// The kinds of service.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Kind {
    OpenAi,
    ComfyUi,
    SdApi,
    Replicate,
}

#[derive(Deserialize)]
struct File {
    #[serde(default, rename = "account")]
    accounts: Vec<Entry>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Entry {
    name: AccountId,
    kind: Kind,
    #[serde(default)]
    url: Option<Url>,
    /// The variable with the secret.
    #[serde(default)]
    secret_env: Option<String>,
    /// How the secret is sent; by the kind's habit unless said otherwise.
    #[serde(default)]
    auth: Option<Auth>,
    /// Whether a generation costs nothing; so it is for a server of one's own.
    #[serde(default)]
    free: Option<bool>,
    #[serde(default)]
    at_once: Option<usize>,
    #[serde(default)]
    output_hosts: Vec<String>,
    #[serde(default)]
    output_mebibytes: Option<usize>,
    /// The moderation model to ask about prompts.
    #[serde(default)]
    moderation: Option<String>,
    /// `ComfyUI`: the file with the graph of each model.
    #[serde(default)]
    graphs: BTreeMap<ModelId, PathBuf>,
}

#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Auth {
    Bearer,
    Basic,
    ApiKey,
}

/// Why the accounts cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum BadAccounts {
    /// It is not TOML of the documented form.
    #[error("the accounts cannot be read: {0}")]
    Malformed(String),
    /// Two accounts of one name, or one of the name of the offline provider.
    #[error("account {0} is there already; give it another name")]
    Twice(AccountId),
    /// An account without something that its kind needs.
    #[error("account {account}: {problem}")]
    Account {
        /// Its name.
        account: AccountId,
        /// What is wrong.
        problem: String,
    },
    /// A service cannot be reached like that.
    #[error(transparent)]
    Service(#[from] BadService),
}

/// Where the file's references lead.
pub struct Surroundings<'a> {
    /// The value of a variable.
    pub variable: &'a dyn Fn(&str) -> Option<SecretString>,
    /// The text of a file, by a path relative to the accounts' file.
    pub file: &'a dyn Fn(&Path) -> std::io::Result<String>,
}

impl Providers {
    /// These and the accounts of the operator's file.
    pub fn and_accounts(mut self, text: &str, around: &Surroundings<'_>) -> Result<Self, BadAccounts> {
        let file: File =
            toml::from_str(text).map_err(|error| BadAccounts::Malformed(error.to_string().trim_end().to_owned()))?;
        let mut names = HashSet::from([AccountId::sketch()]);
        for entry in file.accounts {
            if !names.insert(entry.name.clone()) {
                return Err(BadAccounts::Twice(entry.name));
            }
            self = self.and_account(entry, around)?;
        }
        Ok(self)
    }

    fn and_account(self, entry: Entry, around: &Surroundings<'_>) -> Result<Self, BadAccounts> {
        let account = entry.name.clone();
        let wrong = |problem: String| BadAccounts::Account { account: account.clone(), problem };
        if entry.kind != Kind::ComfyUi && !entry.graphs.is_empty() {
            return Err(wrong("`graphs` belongs to an account of kind comfyui".to_owned()));
        }
        if entry.kind != Kind::OpenAi && entry.moderation.is_some() {
            return Err(wrong("`moderation` belongs to an account of kind openai".to_owned()));
        }
        let secret = match &entry.secret_env {
            None => None,
            Some(name) => {
                let unset = || wrong(format!("the variable {name}, which `secret_env` names, is not set"));
                Some((around.variable)(name).ok_or_else(unset)?)
            }
        };
        if entry.kind == Kind::Replicate {
            let secret =
                secret.ok_or_else(|| wrong("it needs `secret_env`, the variable with the API token".to_owned()))?;
            let mut service = replicate::service(entry.name, secret)?;
            if let Some(url) = entry.url {
                service.base_url = url;
            }
            service.output_hosts = entry.output_hosts;
            let inner = Arc::new(Replicate::new(service)?);
            return Ok(self.with(inner).with_cap(&account, entry.at_once));
        }
        let url = entry.url.clone().ok_or_else(|| wrong("it needs `url`, the address of the service".to_owned()))?;
        let mut limits = Limits::default();
        if let Some(most) = entry.output_mebibytes {
            limits.output_bytes = most.clamp(1, 1024) * 1024 * 1024;
        }
        let service = Service {
            account: entry.name.clone(),
            // a service that asks for no secret sends no bill either
            free: entry.free.unwrap_or(secret.is_none()),
            secret: secret.map_or(Secret::None, |secret| entry.secret(secret)),
            base_url: url,
            output_hosts: entry.output_hosts.clone(),
            limits,
        };
        let inner: Arc<dyn Provider> = match entry.kind {
            Kind::OpenAi => Arc::new(OpenAi::new(service.clone())?),
            Kind::SdApi => Arc::new(SdApi::new(service.clone())?),
            Kind::ComfyUi => {
                let mut graphs = HashMap::new();
                for (model, path) in &entry.graphs {
                    let shown = path.display();
                    let text = (around.file)(path).map_err(|error| wrong(format!("{shown}: {error}")))?;
                    let graph = Graph::read(&text).map_err(|error: BadGraph| wrong(format!("{shown}: {error}")))?;
                    graphs.insert(model.clone(), graph);
                }
                if graphs.is_empty() {
                    return Err(wrong(
                        "it needs `graphs`: for each of its models a file exported from ComfyUI".to_owned(),
                    ));
                }
                Arc::new(Comfy::new(service.clone(), graphs)?)
            }
            Kind::Replicate => return Ok(self),
        };
        let mut providers = self.with(inner).with_cap(&account, entry.at_once);
        if let Some(model) = entry.moderation {
            providers = providers.with_moderation(Arc::new(Moderation::new(service, model)?));
        }
        Ok(providers)
    }
}

impl Entry {
    fn secret(&self, secret: SecretString) -> Secret {
        let habit = match self.kind {
            Kind::OpenAi | Kind::Replicate => Auth::Bearer,
            Kind::ComfyUi => Auth::ApiKey,
            Kind::SdApi => Auth::Basic,
        };
        match self.auth.unwrap_or(habit) {
            Auth::Bearer => Secret::Bearer(secret),
            Auth::Basic => Secret::Basic(secret),
            Auth::ApiKey => Secret::ApiKey(secret),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GRAPH: &str = r#"{"6":{"class_type":"CLIPTextEncode","inputs":{"text":"%prompt%"}}}"#;

    fn read(text: &str) -> Result<Providers, BadAccounts> {
        let variable = |name: &str| (name == "KEY").then(|| SecretString::from("sk-hidden"));
        let file = |path: &Path| match path.to_str() {
            Some("flux.json") => Ok(GRAPH.to_owned()),
            Some("bad.json") => Ok("{}".to_owned()),
            _ => Err(std::io::ErrorKind::NotFound.into()),
        };
        Providers::none().and_accounts(text, &Surroundings { variable: &variable, file: &file })
    }

    #[test]
    fn several_accounts_stand_side_by_side() {
        let providers = read(
            r#"
            [[account]]
            name = "openai"
            kind = "openai"
            url = "https://api.openai.com/v1"
            secret_env = "KEY"
            moderation = "omni-moderation-latest"

            [[account]]
            name = "studio"
            kind = "comfyui"
            url = "http://127.0.0.1:8188"
            at_once = 2
            graphs = { flux-local = "flux.json" }

            [[account]]
            name = "forge"
            kind = "sdapi"
            url = "http://127.0.0.1:7860"

            [[account]]
            name = "reseller"
            kind = "replicate"
            url = "https://reseller.example/replicate/v1"
            secret_env = "KEY"

            [[model]]
            id = "whatever"
            "#,
        )
        .unwrap();
        let caps: Vec<(&str, usize)> = providers.caps.iter().map(|(name, most)| (name.as_str(), *most)).collect();
        assert_eq!(caps, [("studio", 2)]);
        let names: Vec<&str> = providers.iter().map(|provider| provider.account().as_str()).collect();
        assert_eq!(names, ["openai", "studio", "forge", "reseller"]);
        assert!(providers.moderation().is_some());
        assert!(!format!("{providers:?}").contains("hidden"));
    }

    #[test]
    fn what_is_wrong_is_said_with_its_account() {
        let said = |text: &str| read(text).unwrap_err().to_string();
        let one = |rest: &str| said(&format!("[[account]]\nname = \"x\"\n{rest}"));
        assert!(one("kind = \"dalle\"").contains("dalle"));
        assert!(one("kind = \"openai\"").contains("account x: it needs `url`"));
        assert!(one("kind = \"openai\"\nurl = \"ftp://x\"").contains("http or https"));
        assert!(one("kind = \"openai\"\nurl = \"http://x\"\nsecret_env = \"NONE\"").contains("NONE"));
        assert!(one("kind = \"comfyui\"\nurl = \"http://x\"").contains("`graphs`"));
        assert!(one("kind = \"comfyui\"\nurl = \"http://x\"\ngraphs = { a = \"bad.json\" }").contains("API format"));
        assert!(one("kind = \"comfyui\"\nurl = \"http://x\"\ngraphs = { a = \"none.json\" }").contains("none.json"));
        assert!(one("kind = \"sdapi\"\nurl = \"http://x\"\ncolour = 1").contains("colour"));
        assert!(said("[[account]]\nname = \"sketch\"\nkind = \"sdapi\"\nurl = \"http://x\"").contains("sketch"));
        assert!(said("[[account]]\nname = \"A b\"\nkind = \"sdapi\"").contains("a-z"));
    }
}
