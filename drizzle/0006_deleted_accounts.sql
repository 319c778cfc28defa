-- expand: indexes first, and what locks users last, for a short time
CREATE INDEX IF NOT EXISTS "audit_events_personal" ON "audit_events" USING btree ("actor_id") WHERE "audit_events"."actor_id" is not null and ("audit_events"."actor_name" is not null or "audit_events"."address" is not null);--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "audit_events_attempts" ON "audit_events" USING btree ("subject_id") WHERE "audit_events"."actor_id" is null and "audit_events"."address" is not null;--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "sessions_live" ON "sessions" USING btree ("user_id","created_at","id") WHERE "sessions"."ended_at" is null;--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "sessions_over" ON "sessions" USING btree (least("ended_at", "idle_expires_at"));--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "tasks_assigned_trash" ON "tasks" USING btree ("assignee_id") WHERE "tasks"."assignee_id" is not null and "tasks"."deleted_at" is not null;--> statement-breakpoint
CREATE OR REPLACE FUNCTION refuse_audit_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	-- Set by the two functions below, for the length of one statement of theirs.
	IF current_setting('tasklane.audit_change', true) = 'allowed' THEN
		RETURN NULL;
	END IF;
	RAISE EXCEPTION 'audit_events is append-only' USING ERRCODE = '42501';
END
$$;
--> statement-breakpoint
CREATE FUNCTION audit_events_forget(account uuid, chunk integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	changed integer;
BEGIN
	IF NOT EXISTS (SELECT FROM public.users WHERE id = account AND deleted_at IS NOT NULL) THEN
		RAISE EXCEPTION 'only events of a deleted account can be forgotten' USING ERRCODE = '42501';
	END IF;
	PERFORM set_config('tasklane.audit_change', 'allowed', true);
	UPDATE public.audit_events
	SET actor_name = NULL, address = NULL
	WHERE id IN (
		(
			SELECT id
			FROM public.audit_events
			WHERE actor_id = account AND actor_id IS NOT NULL
				AND (actor_name IS NOT NULL OR address IS NOT NULL)
			LIMIT chunk
		)
		UNION ALL
		(
			SELECT id
			FROM public.audit_events
			WHERE actor_id IS NULL AND address IS NOT NULL
				AND subject_id IN (
					SELECT account::text
					UNION ALL
					SELECT sessions.id::text FROM public.sessions WHERE sessions.user_id = account
				)
			LIMIT chunk
		)
	);
	GET DIAGNOSTICS changed = ROW_COUNT;
	PERFORM set_config('tasklane.audit_change', '', true);
	RETURN changed;
END
$$;
--> statement-breakpoint
CREATE FUNCTION audit_events_purge(days integer, chunk integer) RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	deleted integer;
BEGIN
	IF days IS NULL OR days < 7 THEN
		RAISE EXCEPTION 'events of the last seven days stay' USING ERRCODE = '42501';
	END IF;
	PERFORM set_config('tasklane.audit_change', 'allowed', true);
	DELETE FROM public.audit_events
	WHERE id IN (
		SELECT id
		FROM public.audit_events
		WHERE created_at < now() - make_interval(days => days)
		ORDER BY created_at
		LIMIT chunk
		FOR UPDATE SKIP LOCKED
	);
	GET DIAGNOSTICS deleted = ROW_COUNT;
	PERFORM set_config('tasklane.audit_change', '', true);
	RETURN deleted;
END
$$;
--> statement-breakpoint
REVOKE ALL ON FUNCTION audit_events_forget(uuid, integer) FROM PUBLIC;--> statement-breakpoint
REVOKE ALL ON FUNCTION audit_events_purge(integer, integer) FROM PUBLIC;--> statement-breakpoint
ALTER TABLE "users" DROP CONSTRAINT "users_identifier";--> statement-breakpoint
ALTER TABLE "users" ADD COLUMN "deleted_at" timestamp(3) with time zone;--> statement-breakpoint
CREATE INDEX IF NOT EXISTS "users_deleted" ON "users" USING btree ("id") WHERE "users"."deleted_at" is not null;--> statement-breakpoint
ALTER TABLE "users" ADD CONSTRAINT "users_identifier" CHECK ("users"."username" is not null or "users"."email" is not null or "users"."deleted_at" is not null);
