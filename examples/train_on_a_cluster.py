"""Train with Ray Train: each worker takes its share of every batch, so the losses are those of one process.

    python examples/train_on_a_cluster.py LIBRARY RUN [--workers 8] [--gpu] [--preset base]

LIBRARY and RUN lie on storage that every worker sees. Started again it goes on where it was, and so does Ray when a
worker is lost. Needs `pip install -e '.[training]' 'ray[train]'`.
"""

import argparse
from pathlib import Path
from typing import Any


def one_worker(given: dict[str, Any]) -> None:
    """What each worker runs: Ray has joined the workers in one group already."""
    import torch

    from cuspworld.library import Library
    from cuspworld.training.presets import preset
    from cuspworld.training.run import train, with_steps

    library = Library.open(given["library"])
    result = train(
        library.split("train"),
        with_steps(preset(given["preset"]), given["steps"], given["steps"], given["batch"]),
        given["run"],
        held_out=library.split("test"),
        topics=library.topics(),
        resume=True,
        device=f"cuda:{torch.cuda.current_device()}" if given["gpu"] else "cpu",
    )
    print(f"codec {result.psnr_after:.1f} dB, transport's last losses {result.transport_loss:.3f}: {result.model}")


def main() -> None:
    from ray.train import FailureConfig, RunConfig, ScalingConfig
    from ray.train.torch import TorchTrainer

    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("library", type=Path)
    parser.add_argument("run", type=Path)
    parser.add_argument("--workers", type=int, default=8)
    parser.add_argument("--gpu", action="store_true", help="a GPU a worker")
    parser.add_argument("--preset", default="base")
    parser.add_argument("--steps", type=int, help="instead of the preset's, of both phases")
    parser.add_argument("--batch", type=int, help="clips a step, of all workers together")
    arguments = parser.parse_args()
    given = vars(arguments) | {"library": str(arguments.library.resolve()), "run": str(arguments.run.resolve())}
    TorchTrainer(
        one_worker,
        train_loop_config=given,
        scaling_config=ScalingConfig(num_workers=arguments.workers, use_gpu=arguments.gpu),
        run_config=RunConfig(failure_config=FailureConfig(max_failures=3)),
    ).fit()


if __name__ == "__main__":
    main()
