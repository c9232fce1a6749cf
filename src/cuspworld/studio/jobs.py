"""What a page may ask of a worker: the name of each job, and the function that does it.

A job is `def make(job: Job, **arguments)`: the arguments come from the page as JSON, and where it gave {"upload": id}
the path of what it uploaded. It says what it has to say by `job` (worker.py) and returns nothing.
"""

LIGHT = {"about", "expand"}  # done in a moment: nobody starts a worker because one is at these

JOBS: dict[str, str] = {
    "warm": "cuspworld.studio.make:warm",
    "about": "cuspworld.studio.make:about",
    "expand": "cuspworld.studio.make:expand",
    "make": "cuspworld.studio.make:make",
    "worlds": "cuspworld.studio.play:worlds_of",
    "play": "cuspworld.studio.play:play",
    "kinds": "cuspworld.studio.folds:kinds",
    "fold": "cuspworld.studio.folds:fold",
    "state": "cuspworld.studio.folds:state",
    "walk": "cuspworld.studio.folds:walk",
    "judge": "cuspworld.studio.judge:judge",
    "shelf": "cuspworld.studio.shelf:shelf",
    "browse": "cuspworld.studio.shelf:browse",
    "clip": "cuspworld.studio.shelf:clip",
    "correct": "cuspworld.studio.shelf:correct",
    "mark": "cuspworld.studio.shelf:mark",
    "encode": "cuspworld.studio.shelf:encode",
    "exams": "cuspworld.studio.exams:exams",
    "beside": "cuspworld.studio.exams:beside",
}
