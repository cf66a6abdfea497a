"""Every error that Heedful raises on purpose: what was found, what was expected, what to do."""


class HeedfulError(Exception):
    """The parent of them all. The command line prints it as one line and exits with `exit_code`."""

    exit_code = 2


class ConfigError(HeedfulError):
    """A setting or a model's config cannot be used."""


class CheckpointError(HeedfulError):
    """A model folder or an artefact is missing, damaged, or does not match its config."""


class TokenizerError(HeedfulError):
    """A tokenizer file is missing, damaged, or does not fit the model."""


class DataError(HeedfulError):
    """A table cannot be read, or what is in it cannot be learned from."""


class NotFittedError(HeedfulError, ValueError, AttributeError):
    """An estimator was asked to predict before `fit`."""


class ServiceError(HeedfulError):
    """The service cannot start, or something outside (index, hub, subprocess) failed."""

    exit_code = 1
