"""How a push gets here: a small web service hears of new images and releases them, one after another.

    hook → verified, parsed (senders) → backlog (SQLite) → 202
    worker, one a service: tag → digest (registry) → newest in push order → `python -m ops release` → commit status

What a hook says is a hint only: of what an image is, its registry is asked. docs/pipeline.md tells the whole.
"""
