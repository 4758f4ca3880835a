"""The receiver's page: each service's slices, shares, walk and history as they are; operators may abort and roll back.

`python -m ops watch --json`, a process a service, only while somebody looks (reader)
    → parts of HTML (parts) → the whole page (routes), then whatever changed as server-sent events (stream)
sign-in (password, attempts, sessions) → a question, answered once (sessions) → `ops stop`, `ops rollback` (actions)
"""
