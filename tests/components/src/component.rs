//! What can be built, at which version, and which programs come out of it.

use std::time::Duration;

/// One thing the cache can hold. The wrapper folders under `go/` and `python/` carry the exact versions.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Component {
    /// `etcd`, `kube-apiserver`, `kube-controller-manager` and `kubectl`, in one binary.
    ControlPlane,
    /// OpenBao, the API-compatible server for the Vault provider.
    OpenBao,
    /// The upstream `kustomize` program.
    Kustomize,
    /// The project's own render worker, built from `render/worker`.
    RenderWorker,
    /// The upstream `sops` program.
    Sops,
    /// The upstream `kubeseal` and the upstream sealed-secrets controller.
    SealedSecrets,
    /// kwok: makes nodes and pods of an API server without kubelets become ready.
    Kwok,
    /// The upstream `helm` program.
    Helm,
    /// The `age` and `age-keygen` programs.
    Age,
    /// `moto[server]`: KMS, Secrets Manager, SSM, STS, S3 and ECR.
    Moto,
    /// The upstream kustomize-controller; only benches use it.
    KustomizeController,
    /// The upstream external-secrets controller; only benches use it.
    ExternalSecrets,
}

/// A program of a [`Component`].
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Program {
    /// `etcd`
    Etcd,
    /// `kube-apiserver`
    KubeApiserver,
    /// `kube-controller-manager`
    KubeControllerManager,
    /// `kubectl`
    Kubectl,
    /// `bao`
    Bao,
    /// `kustomize`
    Kustomize,
    /// `signet-render-worker`
    RenderWorker,
    /// `sops`
    Sops,
    /// `kubeseal`
    Kubeseal,
    /// The sealed-secrets controller, built as `controller`.
    SealedSecretsController,
    /// `kwok`
    Kwok,
    /// `helm`
    Helm,
    /// `age`
    Age,
    /// `age-keygen`
    AgeKeygen,
    /// The interpreter of the virtual environment that holds moto.
    MotoPython,
    /// `kustomize-controller`
    KustomizeController,
    /// `external-secrets`
    ExternalSecrets,
}

/// How a component gets into its folder.
pub(crate) enum Recipe {
    /// `go build` in the wrapper folder `go/<name>`.
    Go(GoRecipe),
    /// A virtual environment filled from `python/requirements.txt`.
    PythonEnvironment,
}

/// The facts `go build` needs beyond the wrapper folder.
pub(crate) struct GoRecipe {
    /// What to build: `.` or `tool` (everything the wrapper's `tool` lines name).
    pub(crate) target: &'static str,
    /// Versions that upstream sets at link time, `package.variable=value`.
    pub(crate) variables: &'static [&'static str],
    /// Symbolic links to make: name, file it points to.
    pub(crate) links: &'static [(&'static str, &'static str)],
    /// Files to copy out of a module: module path, file inside it.
    pub(crate) module_files: &'static [(&'static str, &'static str)],
}

impl Component {
    /// Every component, in the order in which they are best built.
    pub const ALL: [Self; 12] = [
        Self::ControlPlane,
        Self::OpenBao,
        Self::Moto,
        Self::Kustomize,
        Self::RenderWorker,
        Self::Sops,
        Self::SealedSecrets,
        Self::Kwok,
        Self::Helm,
        Self::Age,
        Self::KustomizeController,
        Self::ExternalSecrets,
    ];

    /// Returns the component with this name.
    pub fn from_name(name: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .find(|component| component.name() == name)
    }

    /// Returns the name used on the command line and for the wrapper folder.
    pub fn name(self) -> &'static str {
        match self {
            Self::ControlPlane => "control-plane",
            Self::OpenBao => "openbao",
            Self::Kustomize => "kustomize",
            Self::RenderWorker => "render-worker",
            Self::Sops => "sops",
            Self::SealedSecrets => "sealed-secrets",
            Self::Kwok => "kwok",
            Self::Helm => "helm",
            Self::Age => "age",
            Self::Moto => "moto",
            Self::KustomizeController => "kustomize-controller",
            Self::ExternalSecrets => "external-secrets",
        }
    }

    /// Returns the pinned version, without a leading `v`.
    pub fn version(self) -> &'static str {
        match self {
            Self::ControlPlane => "1.36.3",
            Self::OpenBao => "2.4.0",
            Self::Kustomize => "5.8.1",
            Self::RenderWorker => env!("CARGO_PKG_VERSION"),
            Self::Sops => "3.13.3",
            Self::SealedSecrets => "0.40.0",
            Self::Kwok => "0.8.0",
            Self::Helm => "3.21.4",
            Self::Age => "1.3.2",
            Self::Moto => "5.2.5",
            Self::KustomizeController => "1.9.4",
            Self::ExternalSecrets => "0.20.4",
        }
    }

    /// Returns whether tests and demo need it. The others are built only when named.
    pub fn is_default(self) -> bool {
        !matches!(self, Self::KustomizeController | Self::ExternalSecrets)
    }

    /// Returns how long a cold build takes on two cores.
    pub fn expected_build_time(self) -> Duration {
        Duration::from_secs(match self {
            Self::ControlPlane => 360,
            Self::OpenBao => 270,
            Self::Kustomize | Self::RenderWorker => 30,
            Self::Sops | Self::SealedSecrets => 120,
            Self::Kwok => 90,
            Self::Helm | Self::Moto => 70,
            Self::Age => 10,
            Self::KustomizeController => 240,
            Self::ExternalSecrets => 330,
        })
    }

    /// Returns the programs the component consists of.
    pub fn programs(self) -> &'static [Program] {
        match self {
            Self::ControlPlane => &[
                Program::Etcd,
                Program::KubeApiserver,
                Program::KubeControllerManager,
                Program::Kubectl,
            ],
            Self::OpenBao => &[Program::Bao],
            Self::Kustomize => &[Program::Kustomize],
            Self::RenderWorker => &[Program::RenderWorker],
            Self::Sops => &[Program::Sops],
            Self::SealedSecrets => &[Program::Kubeseal, Program::SealedSecretsController],
            Self::Kwok => &[Program::Kwok],
            Self::Helm => &[Program::Helm],
            Self::Age => &[Program::Age, Program::AgeKeygen],
            Self::Moto => &[Program::MotoPython],
            Self::KustomizeController => &[Program::KustomizeController],
            Self::ExternalSecrets => &[Program::ExternalSecrets],
        }
    }

    pub(crate) fn recipe(self) -> Recipe {
        let mut go = GoRecipe {
            target: "tool",
            variables: &[],
            links: &[],
            module_files: &[],
        };
        match self {
            Self::Moto => return Recipe::PythonEnvironment,
            Self::ControlPlane => {
                go.target = ".";
                go.variables = &[
                    "k8s.io/component-base/version.gitVersion=v1.36.3",
                    "k8s.io/component-base/version.gitMajor=1",
                    "k8s.io/component-base/version.gitMinor=36",
                ];
                go.links = &[
                    ("etcd", "control-plane"),
                    ("kube-apiserver", "control-plane"),
                    ("kube-controller-manager", "control-plane"),
                    ("kubectl", "control-plane"),
                ];
            }
            Self::OpenBao => {
                go.target = ".";
                go.variables = &["github.com/openbao/openbao/version.fullVersion=2.4.0"];
                go.links = &[("bao", "openbao")];
            }
            Self::SealedSecrets => {
                go.variables = &["main.VERSION=0.40.0"];
                go.module_files = &[(
                    "github.com/bitnami/sealed-secrets",
                    "helm/sealed-secrets/crds/bitnami.com_sealedsecrets.yaml",
                )];
            }
            Self::Kwok => {
                go.module_files = &[
                    (
                        "sigs.k8s.io/kwok",
                        "kustomize/stage/node/fast/node-initialize.yaml",
                    ),
                    (
                        "sigs.k8s.io/kwok",
                        "kustomize/stage/node/heartbeat-with-lease/node-heartbeat-with-lease.yaml",
                    ),
                    (
                        "sigs.k8s.io/kwok",
                        "kustomize/stage/pod/fast/pod-complete.yaml",
                    ),
                    (
                        "sigs.k8s.io/kwok",
                        "kustomize/stage/pod/fast/pod-delete.yaml",
                    ),
                    (
                        "sigs.k8s.io/kwok",
                        "kustomize/stage/pod/fast/pod-ready.yaml",
                    ),
                ];
            }
            Self::Helm => {
                go.variables = &["helm.sh/helm/v3/internal/version.version=v3.21.4"];
            }
            Self::Age => go.variables = &["main.Version=v1.3.2"],
            Self::RenderWorker => {
                go.target = ".";
                // The library writes it into the label of `buildMetadata: [managedByLabel]`.
                go.variables = &["sigs.k8s.io/kustomize/api/provenance.version=kustomize/v5.8.1"];
            }
            Self::Kustomize | Self::Sops | Self::KustomizeController | Self::ExternalSecrets => {}
        }
        Recipe::Go(go)
    }
}

impl Program {
    /// Returns the component that brings this program.
    pub fn component(self) -> Component {
        match self {
            Self::Etcd | Self::KubeApiserver | Self::KubeControllerManager | Self::Kubectl => {
                Component::ControlPlane
            }
            Self::Bao => Component::OpenBao,
            Self::Kustomize => Component::Kustomize,
            Self::RenderWorker => Component::RenderWorker,
            Self::Sops => Component::Sops,
            Self::Kubeseal | Self::SealedSecretsController => Component::SealedSecrets,
            Self::Kwok => Component::Kwok,
            Self::Helm => Component::Helm,
            Self::Age | Self::AgeKeygen => Component::Age,
            Self::MotoPython => Component::Moto,
            Self::KustomizeController => Component::KustomizeController,
            Self::ExternalSecrets => Component::ExternalSecrets,
        }
    }

    /// Returns the program's file, relative to its component's folder.
    pub fn file(self) -> &'static str {
        match self {
            Self::Etcd => "etcd",
            Self::KubeApiserver => "kube-apiserver",
            Self::KubeControllerManager => "kube-controller-manager",
            Self::Kubectl => "kubectl",
            Self::Bao => "bao",
            Self::Kustomize => "kustomize",
            Self::RenderWorker => "signet-render-worker",
            Self::Sops => "sops",
            Self::Kubeseal => "kubeseal",
            Self::SealedSecretsController => "controller",
            Self::Kwok => "kwok",
            Self::Helm => "helm",
            Self::Age => "age",
            Self::AgeKeygen => "age-keygen",
            Self::MotoPython => "bin/python",
            Self::KustomizeController => "kustomize-controller",
            Self::ExternalSecrets => "external-secrets",
        }
    }
}
