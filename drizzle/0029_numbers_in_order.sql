-- contract: titles and names have other indexes, and the previous release would sort all that an owner has
-- Puts a capital letter before each number, which says how many digits it has without leading zeros: B for two. The
-- text is folded and has no other capitals, so that numbers sort by value, after punctuation and before letters; those
-- of 26 digits and more by their first ones.
CREATE FUNCTION order_numbers(folded text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
	ordered text := '';
	rest text := folded;
	number text := substring(folded from '[0-9]+');
	digits text;
	start int;
BEGIN
	WHILE number IS NOT NULL LOOP
		start := strpos(rest, number);
		digits := coalesce(nullif(ltrim(number, '0'), ''), '0');
		ordered := ordered || left(rest, start - 1) || chr(64 + least(length(digits), 26)) || digits;
		rest := substr(rest, start + length(number));
		number := substring(rest from '[0-9]+');
	END LOOP;
	RETURN ordered || rest;
END
$$;
--> statement-breakpoint
DROP INDEX "projects_name";--> statement-breakpoint
DROP INDEX "tasks_list_title";--> statement-breakpoint
DROP INDEX "tasks_assigned_title";--> statement-breakpoint
CREATE INDEX "projects_name" ON "projects" USING btree (order_numbers(left(CASE WHEN octet_length("name") = char_length("name") THEN lower("name" COLLATE "C") ELSE fold_other_letters("name") END, 200)) collate "C","id");--> statement-breakpoint
CREATE INDEX "tasks_list_title" ON "tasks" USING btree ("owner_id",coalesce("project_id", "owner_id"),order_numbers(left(CASE WHEN octet_length("title") = char_length("title") THEN lower("title" COLLATE "C") ELSE fold_other_letters("title") END, 200)) collate "C","id") WHERE "tasks"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "tasks_assigned_title" ON "tasks" USING btree ("assignee_id",order_numbers(left(CASE WHEN octet_length("title") = char_length("title") THEN lower("title" COLLATE "C") ELSE fold_other_letters("title") END, 200)) collate "C","id") WHERE "tasks"."assignee_id" is not null and "tasks"."deleted_at" is null;
