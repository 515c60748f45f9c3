CREATE TABLE workflows (
    id INTEGER PRIMARY KEY, run TEXT NOT NULL UNIQUE, started TEXT NOT NULL, plan TEXT NOT NULL
) STRICT;
CREATE TABLE steps (
    id INTEGER PRIMARY KEY, workflow INTEGER NOT NULL REFERENCES workflows, at TEXT NOT NULL,
    happening TEXT NOT NULL, phase TEXT NOT NULL, details TEXT NOT NULL
) STRICT;
CREATE INDEX steps_of_workflow ON steps (workflow, id);
CREATE TABLE approvals (
    id INTEGER PRIMARY KEY, workflow INTEGER NOT NULL REFERENCES workflows, at TEXT NOT NULL,
    fingerprint TEXT NOT NULL, approver TEXT NOT NULL, reason TEXT NOT NULL
) STRICT;
CREATE TABLE launches (
    id INTEGER PRIMARY KEY, run TEXT NOT NULL, kind TEXT NOT NULL, at TEXT NOT NULL, fingerprint TEXT NOT NULL,
    argv TEXT NOT NULL, log_position INTEGER NOT NULL, warden TEXT
) STRICT;
CREATE INDEX launches_of_run ON launches (run, id);
PRAGMA user_version = 1;
INSERT INTO workflows VALUES (1, 'full_campaign_20', '2026-01-01T12:00:00+00:00', '{"recipe":{"name":"alttp_yaze","seed":65816,"domains":{"asm":{"weight":1.0}},"teacher":{"kind":"procedural","fault_rate":0.05},"checks":{"accept_at":0.7,"near_duplicate":0.85},"pilot":{"tickets":190,"log":null,"fresh_hours":24.0},"gate":{"rule":"threshold","quality_threshold":0.75,"min_samples":150,"approval_hours":168.0},"campaign":{"target":20,"output_name":null,"auto_launch":true,"tickets_per_sample":3.0,"use_active_learning":true,"command":null,"restarts":2},"watch":{"pilot_seconds":10.0,"campaign_seconds":60.0,"stall_minutes":10.0},"speed":{"parallel":true,"workers":null,"in_flight":128}},"origins":{"campaign.target":"--campaign-target"},"recipe_path":null}');
INSERT INTO steps VALUES
    (1, 1, '2026-01-01T12:00:00+00:00', 'created', 'starting_pilot', '{}'),
    (2, 1, '2026-01-01T12:00:00+00:00', 'pilot_started', 'monitoring_pilot', '{"pilot_run":"pilot_ours","pilot_result":{}}'),
    (3, 1, '2026-01-01T12:00:01+00:00', 'pilot_complete', 'validating_pilot', '{"pilot_result":{"progress":190,"total":190,"is_complete":true,"run":"pilot_ours"}}'),
    (4, 1, '2026-01-01T12:00:01+00:00', 'approved', 'validation_complete', '{"validation_result":{"approved":true,"verdict":"APPROVED","reason":"Quality 0.918 >= 0.75 over 190 samples","fingerprint":"ffffffffffffffff","pilot_status":{"progress":190,"total":190,"is_complete":true,"run":"pilot_ours"}}}');
