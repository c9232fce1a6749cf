"""scikit-learn's protocol of an estimator without importing scikit-learn, which costs a second and is optional."""

import inspect
import sys
from typing import Any

import numpy as np

from cuspworld.errors import CuspError, NotFittedError


class Estimator:
    """Constructor arguments are kept as attributes of the same name, so that `sklearn.base.clone` works."""

    def get_params(self, deep: bool = True) -> dict[str, Any]:
        """The constructor's arguments by name."""
        return {name: getattr(self, name) for name in inspect.signature(type(self)).parameters}

    def set_params(self, **params: Any) -> "Estimator":
        """Set constructor arguments by name; raises CuspError for an unknown one."""
        known = self.get_params()
        for name, value in params.items():
            if name not in known:
                raise CuspError(f"{type(self).__name__} has no parameter {name!r}: it takes {', '.join(known)}")
            setattr(self, name, value)
        return self

    def __repr__(self) -> str:
        defaults = inspect.signature(type(self)).parameters
        changed = [f"{k}={_brief(v)}" for k, v in self.get_params().items() if repr(v) != repr(defaults[k].default)]
        return f"{type(self).__name__}({', '.join(changed)})"

    def __sklearn_is_fitted__(self) -> bool:
        raise NotImplementedError

    def _check_fitted(self) -> None:
        if not self.__sklearn_is_fitted__():
            raise _not_fitted_error()(f"this {type(self).__name__} is not fitted: call fit(points) first")

    def __sklearn_tags__(self) -> Any:
        """What scikit-learn asks of an estimator before it is used; only called by scikit-learn itself."""
        from sklearn.utils import InputTags, Tags, TargetTags, TransformerTags

        return Tags(
            estimator_type="clusterer",
            target_tags=TargetTags(required=False),
            transformer_tags=TransformerTags(preserves_dtype=[]),
            input_tags=InputTags(sparse=False, allow_nan=False),
        )


def _not_fitted_error() -> type[NotFittedError]:
    """Ours, which is scikit-learn's too in a process that has imported it and so may catch that one."""
    if sys.modules.get("sklearn") is None:
        return NotFittedError
    from sklearn.exceptions import NotFittedError as Theirs

    return type("NotFittedError", (NotFittedError, Theirs), {})


def _brief(value: Any) -> str:
    """An argument in one short piece: an array by its shape, a long text by its beginning."""
    if isinstance(value, np.ndarray):
        return f"<array {value.shape}>"
    text = repr(value)
    return text if len(text) <= 80 else f"{text[:76]}...{text[-1]}"
