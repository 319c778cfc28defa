-- expand: what a word is no longer depends on the locale, and letters of more scripts have small forms
CREATE OR REPLACE FUNCTION fold_other_letters(value text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
	-- What counts for nothing: accents, points and vowels, soft hyphens, joiners, variants and marks of direction.
	ignored CONSTANT text := '[\u00ad\u0300-\u036f\u0483-\u0487\u0591-\u05bd\u05bf\u05c1-\u05c2\u05c4-\u05c5\u05c7\u0610-\u061a' ||
		'\u061c\u0640\u064b-\u065f\u0670\u180b-\u180f\u200c-\u200f\u202a-\u202e\u2060-\u206f\u20d0-\u20f0' ||
		'\ufe00-\ufe0f\ufeff\U000e0100-\U000e01ef]';
	latin CONSTANT text := 'ÆÐØÞĐĦŁŊŒŦẞıłøđħŧ';
	latin_small CONSTANT text := 'æðoþdhlŋœtßilodht';
	other CONSTANT text := 'ΑΒΓΔΕΖΗΘΙΚΛΜΝΞΟΠΡΣΤΥΦΧΨΩςАБВГДЕЖЗИКЛМНОПРСТУФХЦЧШЩЪЫЬЭЮЯЂЄЅІЈЉЊЋЏԱԲԳԴԵԶԷԸԹԺԻԼԽԾԿՀՁՂՃՄՅՆՇՈՉ' ||
		'ՊՋՌՍՎՏՐՑՒՓՔՕՖ';
	other_small CONSTANT text := 'αβγδεζηθικλμνξοπρστυφχψωσабвгдежзиклмнопрстуфхцчшщъыьэюяђєѕіјљњћџաբգդեզէըթժիլխծկհձղճմյնշոչ' ||
		'պջռսվտրցւփքօֆ';
	rare CONSTANT text := 'ƁƂƄƆƇƉƊƋƎƏƐƑƓƔƖƗƘƜƝƟƢƤƦƧƩƬƮƱƲƳƵƷƸƼǤǶǷȜȠȢȤȺȻȽȾɁɃɄɅɆɈɊɌɎͰͲͶͿϏϘϚϜϞϠϢϤϦϨϪϬϮϷϺϽϾϿѠѢѤѦѨѪѬѮѰѲѴѸѺѼ' ||
		'ѾҀҊҌҎҐҒҔҖҘҚҜҞҠҢҤҦҨҪҬҮҰҲҴҶҸҺҼҾӀӃӅӇӉӋӍӔӘӠӨӶӺӼӾԀԂԄԆԈԊԌԎԐԒԔԖԘԚԜԞԠԢԤԦԨԪԬԮ';
	rare_small CONSTANT text := 'ɓƃƅɔƈɖɗƌǝəɛƒɠɣɩɨƙɯɲɵƣƥʀƨʃƭʈʊʋƴƶʒƹƽǥƕƿȝƞȣȥⱥȼƚⱦɂƀʉʌɇɉɋɍɏͱͳͷϳϗϙϛϝϟϡϣϥϧϩϫϭϯϸϻͻͼͽѡѣѥѧѩѫѭѯѱѳѵѹѻѽ' ||
		'ѿҁҋҍҏґғҕҗҙқҝҟҡңҥҧҩҫҭүұҳҵҷҹһҽҿӏӄӆӈӊӌӎӕәӡөӷӻӽӿԁԃԅԇԉԋԍԏԑԓԕԗԙԛԝԟԡԣԥԧԩԫԭԯ';
	scripts CONSTANT text := 'ႠႡႢႣႤႥႦႧႨႩႪႫႬႭႮႯႰႱႲႳႴႵႶႷႸႹႺႻႼႽႾႿჀჁჂჃჄჅჇჍᎠᎡᎢᎣᎤᎥᎦᎧᎨᎩᎪᎫᎬᎭᎮᎯᎰᎱᎲᎳᎴᎵᎶᎷᎸᎹᎺᎻᎼᎽᎾᎿᏀᏁᏂᏃᏄᏅᏆᏇᏈᏉᏊᏋᏌᏍᏎᏏᏐᏑ' ||
		'ᏒᏓᏔᏕᏖᏗᏘᏙᏚᏛᏜᏝᏞᏟᏠᏡᏢᏣᏤᏥᏦᏧᏨᏩᏪᏫᏬᏭᏮᏯᏰᏱᏲᏳᏴᏵᲐᲑᲒᲓᲔᲕᲖᲗᲘᲙᲚᲛᲜᲝᲞᲟᲠᲡᲢᲣᲤᲥᲦᲧᲨᲩᲪᲫᲬᲭᲮᲯᲰᲱᲲᲳᲴᲵᲶᲷᲸᲹᲺᲽᲾᲿỺỼỾℲↃⰀⰁⰂ' ||
		'ⰃⰄⰅⰆⰇⰈⰉⰊⰋⰌⰍⰎⰏⰐⰑⰒⰓⰔⰕⰖⰗⰘⰙⰚⰛⰜⰝⰞⰟⰠⰡⰢⰣⰤⰥⰦⰧⰨⰩⰪⰫⰬⰭⰮⱠⱢⱣⱤⱧⱩⱫⱭⱮⱯⱰⱲⱵⱾⱿⲀⲂⲄⲆⲈⲊⲌⲎⲐⲒⲔⲖⲘⲚⲜⲞⲠⲢⲤⲦⲨⲪⲬⲮⲰⲲⲴⲶⲸⲺⲼ' ||
		'ⲾⳀⳂⳄⳆⳈⳊⳌⳎⳐⳒⳔⳖⳘⳚⳜⳞⳠⳢⳫⳭⳲꙀꙂꙄꙆꙈꙊꙌꙎꙐꙒꙔꙖꙘꙚꙜꙞꙠꙢꙤꙦꙨꙪꙬꚀꚂꚄꚆꚈꚊꚌꚎꚐꚒꚔꚖꚘꚚꜢꜤꜦꜨꜪꜬꜮꜲꜴꜶꜸꜺꜼꜾꝀꝂꝄꝆꝈꝊꝌꝎꝐꝒꝔꝖꝘꝚꝜꝞꝠ' ||
		'ꝢꝤꝦꝨꝪꝬꝮꝹꝻꝽꝾꞀꞂꞄꞆꞋꞍꞐꞒꞖꞘꞚꞜꞞꞠꞢꞤꞦꞨꞪꞫꞬꞭꞮꞰꞱꞲꞳꞴꞶꞸꞺꞼꞾꟂꟄꟅꟆ𐐀𐐁𐐂𐐃𐐄𐐅𐐆𐐇𐐈𐐉𐐊𐐋𐐌𐐍𐐎𐐏𐐐𐐑𐐒𐐓𐐔𐐕𐐖𐐗𐐘𐐙𐐚𐐛𐐜𐐝𐐞𐐟𐐠𐐡𐐢𐐣𐐤𐐥𐐦𐐧𐒰𐒱' ||
		'𐒲𐒳𐒴𐒵𐒶𐒷𐒸𐒹𐒺𐒻𐒼𐒽𐒾𐒿𐓀𐓁𐓂𐓃𐓄𐓅𐓆𐓇𐓈𐓉𐓊𐓋𐓌𐓍𐓎𐓏𐓐𐓑𐓒𐓓𐲀𐲁𐲂𐲃𐲄𐲅𐲆𐲇𐲈𐲉𐲊𐲋𐲌𐲍𐲎𐲏𐲐𐲑𐲒𐲓𐲔𐲕𐲖𐲗𐲘𐲙𐲚𐲛𐲜𐲝𐲞𐲟𐲠𐲡𐲢𐲣𐲤𐲥𐲦𐲧𐲨𐲩𐲪𐲫𐲬𐲭𐲮𐲯𐲰𐲱𐲲𑢠𑢡𑢢𑢣𑢤' ||
		'𑢥𑢦𑢧𑢨𑢩𑢪𑢫𑢬𑢭𑢮𑢯𑢰𑢱𑢲𑢳𑢴𑢵𑢶𑢷𑢸𑢹𑢺𑢻𑢼𑢽𑢾𑢿𖹀𖹁𖹂𖹃𖹄𖹅𖹆𖹇𖹈𖹉𖹊𖹋𖹌𖹍𖹎𖹏𖹐𖹑𖹒𖹓𖹔𖹕𖹖𖹗𖹘𖹙𖹚𖹛𖹜𖹝𖹞𖹟𞤀𞤁𞤂𞤃𞤄𞤅𞤆𞤇𞤈𞤉𞤊𞤋𞤌𞤍𞤎𞤏𞤐𞤑𞤒𞤓𞤔𞤕𞤖𞤗𞤘𞤙𞤚𞤛𞤜𞤝𞤞' ||
		'𞤟𞤠𞤡';
	scripts_small CONSTANT text := 'ⴀⴁⴂⴃⴄⴅⴆⴇⴈⴉⴊⴋⴌⴍⴎⴏⴐⴑⴒⴓⴔⴕⴖⴗⴘⴙⴚⴛⴜⴝⴞⴟⴠⴡⴢⴣⴤⴥⴧⴭꭰꭱꭲꭳꭴꭵꭶꭷꭸꭹꭺꭻꭼꭽꭾꭿꮀꮁꮂꮃꮄꮅꮆꮇꮈꮉꮊꮋꮌꮍꮎꮏꮐꮑꮒꮓꮔꮕꮖꮗꮘꮙꮚꮛꮜꮝꮞꮟꮠꮡ' ||
		'ꮢꮣꮤꮥꮦꮧꮨꮩꮪꮫꮬꮭꮮꮯꮰꮱꮲꮳꮴꮵꮶꮷꮸꮹꮺꮻꮼꮽꮾꮿᏸᏹᏺᏻᏼᏽაბგდევზთიკლმნოპჟრსტუფქღყშჩცძწჭხჯჰჱჲჳჴჵჶჷჸჹჺჽჾჿỻỽỿⅎↄⰰⰱⰲ' ||
		'ⰳⰴⰵⰶⰷⰸⰹⰺⰻⰼⰽⰾⰿⱀⱁⱂⱃⱄⱅⱆⱇⱈⱉⱊⱋⱌⱍⱎⱏⱐⱑⱒⱓⱔⱕⱖⱗⱘⱙⱚⱛⱜⱝⱞⱡɫᵽɽⱨⱪⱬɑɱɐɒⱳⱶȿɀⲁⲃⲅⲇⲉⲋⲍⲏⲑⲓⲕⲗⲙⲛⲝⲟⲡⲣⲥⲧⲩⲫⲭⲯⲱⲳⲵⲷⲹⲻⲽ' ||
		'ⲿⳁⳃⳅⳇⳉⳋⳍⳏⳑⳓⳕⳗⳙⳛⳝⳟⳡⳣⳬⳮⳳꙁꙃꙅꙇꙉꙋꙍꙏꙑꙓꙕꙗꙙꙛꙝꙟꙡꙣꙥꙧꙩꙫꙭꚁꚃꚅꚇꚉꚋꚍꚏꚑꚓꚕꚗꚙꚛꜣꜥꜧꜩꜫꜭꜯꜳꜵꜷꜹꜻꜽꜿꝁꝃꝅꝇꝉꝋꝍꝏꝑꝓꝕꝗꝙꝛꝝꝟꝡ' ||
		'ꝣꝥꝧꝩꝫꝭꝯꝺꝼᵹꝿꞁꞃꞅꞇꞌɥꞑꞓꞗꞙꞛꞝꞟꞡꞣꞥꞧꞩɦɜɡɬɪʞʇʝꭓꞵꞷꞹꞻꞽꞿꟃꞔʂᶎ𐐨𐐩𐐪𐐫𐐬𐐭𐐮𐐯𐐰𐐱𐐲𐐳𐐴𐐵𐐶𐐷𐐸𐐹𐐺𐐻𐐼𐐽𐐾𐐿𐑀𐑁𐑂𐑃𐑄𐑅𐑆𐑇𐑈𐑉𐑊𐑋𐑌𐑍𐑎𐑏𐓘𐓙' ||
		'𐓚𐓛𐓜𐓝𐓞𐓟𐓠𐓡𐓢𐓣𐓤𐓥𐓦𐓧𐓨𐓩𐓪𐓫𐓬𐓭𐓮𐓯𐓰𐓱𐓲𐓳𐓴𐓵𐓶𐓷𐓸𐓹𐓺𐓻𐳀𐳁𐳂𐳃𐳄𐳅𐳆𐳇𐳈𐳉𐳊𐳋𐳌𐳍𐳎𐳏𐳐𐳑𐳒𐳓𐳔𐳕𐳖𐳗𐳘𐳙𐳚𐳛𐳜𐳝𐳞𐳟𐳠𐳡𐳢𐳣𐳤𐳥𐳦𐳧𐳨𐳩𐳪𐳫𐳬𐳭𐳮𐳯𐳰𐳱𐳲𑣀𑣁𑣂𑣃𑣄' ||
		'𑣅𑣆𑣇𑣈𑣉𑣊𑣋𑣌𑣍𑣎𑣏𑣐𑣑𑣒𑣓𑣔𑣕𑣖𑣗𑣘𑣙𑣚𑣛𑣜𑣝𑣞𑣟𖹠𖹡𖹢𖹣𖹤𖹥𖹦𖹧𖹨𖹩𖹪𖹫𖹬𖹭𖹮𖹯𖹰𖹱𖹲𖹳𖹴𖹵𖹶𖹷𖹸𖹹𖹺𖹻𖹼𖹽𖹾𖹿𞤢𞤣𞤤𞤥𞤦𞤧𞤨𞤩𞤪𞤫𞤬𞤭𞤮𞤯𞤰𞤱𞤲𞤳𞤴𞤵𞤶𞤷𞤸𞤹𞤺𞤻𞤼𞤽𞤾𞤿𞥀' ||
		'𞥁𞥂𞥃';
	capitals text := latin;
	folded text := lower(normalize(regexp_replace(normalize(value, NFKD), ignored, '', 'g'), NFC) COLLATE "C");
BEGIN
	-- A table is searched for each character of a text, so one is left out that the text has no use for.
	IF folded ~ '[\u10a0-\u10cd\u13a0-\u13f5\u1c90-\u1cbf\u1efa-\u1efe\u2132\u2183\u2c00-\u2cf2\ua640-\ua7c6\U00010400-\U0001e921]' THEN
		capitals := latin || other || rare || scripts;
	ELSIF folded ~ '[\u0180-\u024f\u0370-\u037f\u03cf-\u03ff\u0460-\u052f]' THEN
		capitals := latin || other || rare;
	ELSIF folded ~ '[\u0370-\u058f]' THEN
		capitals := latin || other;
	END IF;
	folded := translate(folded, capitals, latin_small || other_small || rare_small || scripts_small);
	RETURN replace(replace(replace(folded, 'ß', 'ss'), 'æ', 'ae'), 'œ', 'oe');
END
$$;
--> statement-breakpoint
CREATE OR REPLACE FUNCTION separate_other_words(folded text) RETURNS text LANGUAGE plpgsql IMMUTABLE STRICT PARALLEL SAFE AS $$
DECLARE
	-- What sets words apart: punctuation, symbols, and letters that some server takes for neither.
	symbols CONSTANT text := '[\u0001-\u002f\u003a-\u0060\u007b-\u007f\u0080-\u00a9\u00ab-\u00b4\u00b6-\u00b9\u00bb-\u00bf\u00d7' ||
		'\u00f7\u02c2-\u02c5\u02d2-\u02df\u02e5-\u02eb\u02ed\u02ef-\u02ff\u0375\u037e\u0384-\u0385\u0387' ||
		'\u03f6\u0482\u055a-\u055f\u0589-\u058f\u05be\u05c0\u05c3\u05c6\u05f3-\u060f\u061b-\u061f' ||
		'\u066a-\u066d\u06d4\u06dd-\u06de\u06e9\u06fd-\u06fe\u0700-\u070f\u07f6-\u07f9\u07fe-\u07ff' ||
		'\u0830-\u083e\u085e\u0870-\u0897\u08b5\u08be-\u08c9\u08e2\u0964-\u0965\u0970\u09f2-\u09fb\u09fd' ||
		'\u0a76\u0af0-\u0af1\u0b70\u0b72-\u0b77\u0bf0-\u0bfa\u0c5c-\u0c5d\u0c77-\u0c7f\u0c84\u0cdc-\u0cdd' ||
		'\u0cf3\u0d04\u0d4f\u0d58-\u0d5e\u0d70-\u0d79\u0df4\u0e2f\u0e3f\u0e46\u0e4f\u0e5a-\u0e5b\u0ece' ||
		'\u0f01-\u0f17\u0f1a-\u0f1f\u0f2a-\u0f34\u0f36\u0f38\u0f3a-\u0f3d\u0f85\u0fbe-\u0fc5\u0fc7-\u0fda' ||
		'\u104a-\u104f\u109e-\u109f\u10fb\u1360-\u137c\u1390-\u1399\u1400\u166d-\u166e\u1680\u169b-\u169c' ||
		'\u16eb-\u16ed\u170d\u1715-\u171f\u1734-\u1736\u17d4-\u17d6\u17d8-\u17db\u17f0-\u180a\u180e' ||
		'\u1940-\u1945\u19da-\u19ff\u1a1e-\u1a1f\u1aa0-\u1aa6\u1aa8-\u1aad\u1b4c-\u1b4f\u1b5a-\u1b6a' ||
		'\u1b74-\u1b7f\u1bf2-\u1bff\u1c3b-\u1c3f\u1c7e-\u1c7f\u1c89-\u1c8a\u1cc0-\u1cc7\u1cd3\u1ce1\u1cf7' ||
		'\u1fbd\u1fbf-\u1fc1\u1fcd-\u1fcf\u1fdd-\u1fdf\u1fed-\u1fef\u1ffd-\u2070\u2074-\u207e\u2080-\u208e' ||
		'\u20a0-\u20c1\u2100-\u2101\u2103-\u2106\u2108-\u2109\u2114\u2116-\u2118\u211e-\u2123\u2125\u2127' ||
		'\u2129\u212e\u213a-\u213b\u2140-\u2144\u214a-\u214d\u214f-\u215f\u2189-\u2bff\u2c2f\u2c5f' ||
		'\u2ce5-\u2cea\u2cf9-\u2cff\u2d70\u2e00-\u2e2e\u2e30-\u3004\u3008-\u3020\u302a-\u3030\u3036-\u3037' ||
		'\u303d-\u303f\u3099-\u309c\u30a0\u30fb\u3190-\u319f\u31bb-\u31ef\u3200-\u33ff\u4db6-\u4dff' ||
		'\u9ff0-\u9fff\ua490-\ua4c6\ua4fe-\ua4ff\ua60d-\ua60f\ua673\ua67e\ua6f2-\ua716\ua720-\ua721' ||
		'\ua789-\ua78a\ua7c0-\ua7c1\ua7c7-\ua7f6\ua828-\ua82b\ua830-\ua839\ua874-\ua877\ua8ce-\ua8cf' ||
		'\ua8f8-\ua8fa\ua8fc\ua92e-\ua92f\ua95f\ua9c0-\ua9cd\ua9de-\ua9df\uaa5c-\uaa5f\uaa77-\uaa79' ||
		'\uaade-\uaadf\uaaf0-\uaaf1\uab5b\uab68-\uab6b\uabeb-\uabec\ue000-\uf8ff\ufb29\ufbb2-\ufbd2' ||
		'\ufd3e-\ufd4f\ufd90-\ufd91\ufdc8-\ufdcf\ufdfc-\ufdff\ufe10-\ufe19\ufe30-\ufe6b\ufeff-\uff0f' ||
		'\uff1a-\uff20\uff3b-\uff40\uff5b-\uff65\uffe0-\ufffd\U00010100-\U0001013f\U00010175-\U000101fc' ||
		'\U000102e1-\U000102fb\U00010320-\U00010323\U0001039f\U000103d0\U0001056f-\U000105f3' ||
		'\U00010780-\U000107ba\U00010857-\U0001085f\U00010877-\U0001087f\U000108a7-\U000108af' ||
		'\U000108fb-\U000108ff\U00010916-\U0001091f\U0001093f-\U00010959\U000109bc-\U000109bd' ||
		'\U000109c0-\U000109ff\U00010a40-\U00010a58\U00010a7d-\U00010a7f\U00010a9d-\U00010a9f\U00010ac8' ||
		'\U00010aeb-\U00010af6\U00010b39-\U00010b3f\U00010b58-\U00010b5f\U00010b78-\U00010b7f' ||
		'\U00010b99-\U00010baf\U00010cfa-\U00010cff\U00010d40-\U00010ea9\U00010ead-\U00010eff' ||
		'\U00010f1d-\U00010f26\U00010f51-\U00010f81\U00010f86-\U00010fcb\U00011047-\U00011065' ||
		'\U00011071-\U00011072\U00011075\U000110bb-\U000110c1\U000110cd\U00011140-\U00011143\U00011147' ||
		'\U00011174-\U00011175\U000111c0\U000111c5-\U000111c8\U000111cd-\U000111ce\U000111db' ||
		'\U000111dd-\U000111f4\U00011235\U00011238-\U0001123d\U0001123f-\U00011241\U000112a9\U0001134d' ||
		'\U00011380-\U000113e2\U0001144b-\U0001144f\U0001145a-\U0001145d\U00011460-\U00011461\U000114c6' ||
		'\U000115c1-\U000115d7\U00011641-\U00011643\U00011660-\U0001166c\U000116b6\U000116b9' ||
		'\U000116d0-\U000116e3\U0001173a-\U00011746\U0001183b\U000118ea-\U000118f2\U00011900-\U00011938' ||
		'\U0001193d\U0001193f-\U00011942\U00011944-\U00011959\U000119e2\U00011a3f-\U00011a46' ||
		'\U00011a9a-\U00011a9c\U00011a9e-\U00011abf\U00011b00-\U00011bf9\U00011c41-\U00011c45' ||
		'\U00011c5a-\U00011c71\U00011db0-\U00011de9\U00011ef7-\U00011fff\U00012470-\U00012474' ||
		'\U00012f90-\U00012ff2\U0001342f-\U000143fa\U00016100-\U00016139\U00016a6e-\U00016ac9\U00016af5' ||
		'\U00016b37-\U00016b3f\U00016b44-\U00016b45\U00016b5b-\U00016b61\U00016d40-\U00016d79' ||
		'\U00016e80-\U00016ed3\U00016fe2\U00016ff0-\U00016ff6\U000187f8-\U000187ff\U00018af3-\U0001affe' ||
		'\U0001b11f-\U0001b132\U0001b155\U0001bc9c\U0001bc9f-\U0001cef0\U0001cf50-\U0001d166' ||
		'\U0001d16a-\U0001d17a\U0001d183-\U0001d184\U0001d18c-\U0001d1a9\U0001d1ae-\U0001d241' ||
		'\U0001d245-\U0001d378\U0001d6c1\U0001d6db\U0001d6fb\U0001d715\U0001d735\U0001d74f\U0001d76f' ||
		'\U0001d789\U0001d7a9\U0001d7c3\U0001d800-\U0001d9ff\U0001da37-\U0001da3a\U0001da6d-\U0001da74' ||
		'\U0001da76-\U0001da83\U0001da85-\U0001da8b\U0001df00-\U0001df2a\U0001e030-\U0001e08f' ||
		'\U0001e14f-\U0001e2ad\U0001e2ff-\U0001e7fe\U0001e8c7-\U0001e8cf\U0001e95e-\U0001ed3d' ||
		'\U0001eef0-\U0001fbfa\U0002b739-\U0002b73f\U0002cea2-\U0002cead\U0002ebf0-\U0002ee5d' ||
		'\U00030000-\U000e007f\U000f0000-\U0010ffff]';
	-- Letters of scripts that set no blanks between words, each with its vowels and tones: a word of its own.
	apart CONSTANT text := '[\u0e01-\u0e2e\u0e30\u0e32-\u0e33\u0e40-\u0e45\u3005-\u3007\u3041-\u3096\u309d-\u309f\u30a1-\u30fa' ||
		'\u30fc-\u30ff\u3400-\u9fff\uf900-\ufaff\U00020000-\U0003ffff]';
	marks CONSTANT text := '[\u0e31\u0e34-\u0e3a\u0e47-\u0e4e]';
BEGIN
	RETURN regexp_replace(
		regexp_replace(folded, symbols || '+', ' ', 'g'), apart || marks || '*', ' \& ', 'g'
	);
END
$$;
--> statement-breakpoint
-- Only tasks whose words are others now.
UPDATE "tasks"
SET "title" = "title"
WHERE octet_length("title" || coalesce("description", '')) <> char_length("title" || coalesce("description", ''))
	AND "search" <> to_tsvector('simple'::regconfig, separate_other_words(fold_other_letters(title || ' ' || coalesce(description, ''))));--> statement-breakpoint
-- An index keeps what the functions returned before.
REINDEX INDEX "tasks_list_title";--> statement-breakpoint
REINDEX INDEX "tasks_assigned_title";--> statement-breakpoint
REINDEX INDEX "projects_name";--> statement-breakpoint
REINDEX INDEX "users_people";--> statement-breakpoint
REINDEX INDEX "users_name";
