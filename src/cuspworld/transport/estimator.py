"""scikit-learn's protocol of an estimator, without importing scikit-learn."""

import inspect
from typing import Any

from cuspworld.errors import CuspError


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
        changed = [f"{k}={v!r}" for k, v in self.get_params().items() if v is not defaults[k].default]
        return f"{type(self).__name__}({', '.join(changed)})"
