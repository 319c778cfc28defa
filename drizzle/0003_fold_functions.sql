-- contract: titles have other indexes, and the previous release would read whole tables
-- Folds what is not ASCII. A function, since a large expression costs every statement its preparation, also one that
-- writes nothing but ASCII. It must do what lib/fold.ts does.
CREATE FUNCTION fold_other_letters(value text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
	-- What counts for nothing: accents, points and vowels, soft hyphens, joiners and marks of direction.
	ignored CONSTANT text := '[\u00ad-\u00ad\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf-\u05bf\u05c1-\u05c2\u05c4-\u05c5' ||
		'\u05c7-\u05c7\u0610-\u061a\u061c-\u061c\u0640-\u0640\u064b-\u065f\u0670-\u0670\u200c-\u200f' ||
		'\u202a-\u202e\u2060-\u206f\ufe00-\ufe0f\ufeff-\ufeff]';
	latin CONSTANT text := 'ÆÐØÞĐĦŁŊŒŦẞıłøđħŧ';
	latin_small CONSTANT text := 'æðoþdhlŋœtßilodht';
	other CONSTANT text := 'ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩςАБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЂЄЅІЈЉЊЋЏԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉՊՋՌՍՎՏՐՑՒՓ' ||
		'ՔՕՖ';
	other_small CONSTANT text := 'αβγδεζηθικλμνξοπρστυφχψωσабвгдежзиклмнопрстуфхцчшщъыьэюяђєѕіјљњћџաբգդեզէըթժիլխծկհձղճմյնշոչպջռսվտրցւփ' ||
		'քօֆ';
	rare CONSTANT text := 'ƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƢƤƦƧƩƬƮƱƲƳƵƷƸƼǤǶǷȜȠȢȤȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿϏϘϚϜϞϠϢϤϦϨϪϬϮϷϺϽϾϿѠѢѤѦѨѪѬѮѰѲѴѸѺѼѾҀҊҌҎҐҒҔҖҘ' ||
		'ҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӃӅӇӉӋӍӔӘӠӨӶӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮ';
	rare_small CONSTANT text := 'ɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵƣƥʀƨʃƭʈʊʋƴƶʒƹƽǥƕƿȝƞȣȥⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳϗϙϛϝϟϡϣϥϧϩϫϭϯϸϻͻͼͽѡѣѥѧѩѫѭѯѱѳѵѹѻѽѿҁҋҍҏґғҕҗҙ' ||
		'қҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӄӆӈӊӌӎӕәӡөӷӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯ';
	capitals text := latin;
	folded text := lower(normalize(regexp_replace(normalize(value, NFKD), ignored, '', 'g'), NFC) COLLATE "C");
BEGIN
	-- A table is searched for each character of a text, so one is left out that the text has no use for.
	IF value ~ '[\u0180-\u024f\u0370-\u037f\u03cf-\u03ff\u0460-\u052f]' THEN
		capitals := latin || other || rare;
	ELSIF value ~ '[\u0370-\u058f]' THEN
		capitals := latin || other;
	END IF;
	folded := translate(folded, capitals, latin_small || other_small || rare_small);
	RETURN replace(replace(replace(folded, 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe');
END
$$;
--> statement-breakpoint
-- Sets the words of a folded text between blanks. Calls no function of ours: a dump is restored without a search path.
CREATE FUNCTION separate_other_words(folded text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
	-- Punctuation and symbols, which only set words apart.
	symbols CONSTANT text := '[\u0001-\u002f\u003a-\u0060\u007b-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7-\u00d7' ||
		'\u00f7-\u00f7\u02c2-\u02c5\u02d2-\u02df\u02e5-\u02eb\u02ed-\u02ed\u02ef-\u02ff\u037e-\u037e' ||
		'\u0387-\u0387\u055a-\u055f\u0589-\u058a\u05be-\u05be\u05c0-\u05c0\u05c3-\u05c3\u05c6-\u05c6' ||
		'\u05f3-\u05f4\u0606-\u060f\u061b-\u061f\u066a-\u066d\u06d4-\u06d4\u0964-\u0965\u0970-\u0970' ||
		'\u0e3f-\u0e3f\u0e4f-\u0e4f\u0e5a-\u0e5b\u1360-\u1368\u17d4-\u17d6\u17d8-\u17db\u2000-\u206f' ||
		'\u20a0-\u20cf\u2100-\u2131\u2133-\u214d\u2190-\u245f\u2500-\u2bff\u2e00-\u2fff\u3000-\u3004' ||
		'\u3008-\u3020\u3030-\u3030\u3036-\u3037\u303d-\u303f\u309b-\u309c\u30a0-\u30a0\u30fb-\u30fb' ||
		'\ue000-\uf8ff\ufe10-\ufe6f\ufff0-\uffff\U0001f000-\U0001faff]';
	-- Letters of scripts that set no blanks between words, each with its vowels and tones: a word of its own.
	apart CONSTANT text := '[\u0e01-\u0e30\u0e32-\u0e33\u0e40-\u0e46\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa' ||
		'\u30fc-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]';
	marks CONSTANT text := '[\u0e31-\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]';
BEGIN
	RETURN regexp_replace(
		regexp_replace(folded, symbols || '+', ' ', 'g'), apart || marks || '*', ' \& ', 'g'
	);
END
$$;
--> statement-breakpoint
DROP INDEX "tasks_title";--> statement-breakpoint
DROP INDEX "tasks_all_title";--> statement-breakpoint
DROP INDEX "tasks_assigned_title";--> statement-breakpoint
ALTER TABLE "tasks" drop column "search";--> statement-breakpoint
ALTER TABLE "tasks" ADD COLUMN "search" "tsvector" GENERATED ALWAYS AS (to_tsvector('simple'::regconfig, 
    CASE
      WHEN octet_length((title || ' ' || coalesce(description, ''))) = char_length((title || ' ' || coalesce(description, ''))) THEN regexp_replace(lower((title || ' ' || coalesce(description, '')) COLLATE "C"), '[^a-z0-9]+', ' ', 'g')
      ELSE separate_other_words(fold_other_letters((title || ' ' || coalesce(description, ''))))
    END)) STORED NOT NULL;--> statement-breakpoint
CREATE INDEX "tasks_title" ON "tasks" USING btree ("owner_id",left(CASE WHEN octet_length("title") = char_length("title") THEN lower("title" COLLATE "C") ELSE fold_other_letters("title") END, 200) collate "C","id") WHERE "tasks"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "tasks_all_title" ON "tasks" USING btree (left(CASE WHEN octet_length("title") = char_length("title") THEN lower("title" COLLATE "C") ELSE fold_other_letters("title") END, 200) collate "C","id") WHERE "tasks"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "tasks_assigned_title" ON "tasks" USING btree ("assignee_id",left(CASE WHEN octet_length("title") = char_length("title") THEN lower("title" COLLATE "C") ELSE fold_other_letters("title") END, 200) collate "C","id") WHERE "tasks"."assignee_id" is not null and "tasks"."deleted_at" is null;--> statement-breakpoint
CREATE INDEX "tasks_search" ON "tasks" USING gin ("owner_id","search");
