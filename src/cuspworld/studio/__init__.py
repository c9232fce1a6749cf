"""The studio: see, play and judge a world on one page of your own machine.

A page asks for runs through a websocket; a run is a *job* (`jobs.py` lists them), done by a worker process that keeps
its models; what the job says goes back to the page as it is said. Nothing of the page is fetched from elsewhere, and
nobody but the person who was given the address is let in (`guard.py`).
"""
