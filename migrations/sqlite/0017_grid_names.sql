-- +goose Up
-- The form in which names are searched and sorted, as in employees: folded, both scripts alike.
ALTER TABLE organizations ADD COLUMN full_name_search TEXT NOT NULL DEFAULT '';
ALTER TABLE organizations ADD COLUMN short_name_search TEXT NOT NULL DEFAULT '';
ALTER TABLE departments ADD COLUMN full_name_search TEXT NOT NULL DEFAULT '';
ALTER TABLE departments ADD COLUMN short_name_search TEXT NOT NULL DEFAULT '';
ALTER TABLE users ADD COLUMN name_search TEXT NOT NULL DEFAULT '';
ALTER TABLE gateway_instances ADD COLUMN name_search TEXT NOT NULL DEFAULT '';

-- Rows that are there already get a form near enough; each is written anew when its name is next changed.
CREATE TEMP TABLE letters (place INTEGER PRIMARY KEY, letter TEXT NOT NULL, latin TEXT NOT NULL);
INSERT INTO letters (place, letter, latin) VALUES
    (1, 'а', 'a'), (2, 'А', 'a'), (3, 'б', 'b'), (4, 'Б', 'b'), (5, 'в', 'v'), (6, 'В', 'v'), (7, 'г', 'g'), (8, 'Г', 'g'), (9, 'ғ', 'g'),
    (10, 'Ғ', 'g'), (11, 'д', 'd'), (12, 'Д', 'd'), (13, 'е', 'e'), (14, 'Е', 'e'), (15, 'ё', 'yo'), (16, 'Ё', 'yo'), (17, 'ж', 'j'), (18, 'Ж', 'j'),
    (19, 'з', 'z'), (20, 'З', 'z'), (21, 'и', 'i'), (22, 'И', 'i'), (23, 'й', 'y'), (24, 'Й', 'y'), (25, 'к', 'k'), (26, 'К', 'k'), (27, 'қ', 'q'),
    (28, 'Қ', 'q'), (29, 'л', 'l'), (30, 'Л', 'l'), (31, 'м', 'm'), (32, 'М', 'm'), (33, 'н', 'n'), (34, 'Н', 'n'), (35, 'о', 'o'), (36, 'О', 'o'),
    (37, 'п', 'p'), (38, 'П', 'p'), (39, 'р', 'r'), (40, 'Р', 'r'), (41, 'с', 's'), (42, 'С', 's'), (43, 'т', 't'), (44, 'Т', 't'), (45, 'у', 'u'),
    (46, 'У', 'u'), (47, 'ў', 'o'), (48, 'Ў', 'o'), (49, 'ф', 'f'), (50, 'Ф', 'f'), (51, 'х', 'x'), (52, 'Х', 'x'), (53, 'ҳ', 'h'), (54, 'Ҳ', 'h'),
    (55, 'ц', 's'), (56, 'Ц', 's'), (57, 'ч', 'ch'), (58, 'Ч', 'ch'), (59, 'ш', 'sh'), (60, 'Ш', 'sh'), (61, 'щ', 'sh'), (62, 'Щ', 'sh'),
    (63, 'ъ', ''), (64, 'Ъ', ''), (65, 'ы', 'i'), (66, 'Ы', 'i'), (67, 'ь', ''), (68, 'Ь', ''), (69, 'э', 'e'), (70, 'Э', 'e'), (71, 'ю', 'yu'),
    (72, 'Ю', 'yu'), (73, 'я', 'ya'), (74, 'Я', 'ya'), (75, '''', ''), (76, '`', ''), (77, 'ʻ', ''), (78, 'ʼ', ''), (79, '‘', ''), (80, '’', ''),
    (81, '-', ' '), (82, '.', ' '), (83, ',', ' '), (84, '"', ' '), (85, '(', ' '), (86, ')', ' '), (87, '/', ' '), (88, '“', ' '), (89, '”', ' '),
    (90, '«', ' '), (91, '»', ' '), (92, '&', ' '), (93, '!', ' '), (94, '?', ' '), (95, ':', ' '), (96, '_', ' '), (97, '+', ' '), (98, '№', ' '),
    (99, 'shch', 'sh'), (100, 'kh', 'x'), (101, 'zh', 'j'), (102, 'ts', 's'), (103, 'ye', 'e'), (104, 'w', 'v'), (105, '    ', ' '), (106, '  ', ' '),
    (107, '  ', ' ');
UPDATE organizations SET
    full_name_search = (
        WITH RECURSIVE folded (n, name) AS (
            SELECT 0, lower(organizations.full_name)
            UNION ALL
            SELECT n + 1, replace(name, letter, latin) FROM folded JOIN letters ON letters.place = n + 1
        ) SELECT trim(name) FROM folded ORDER BY n DESC LIMIT 1),
    short_name_search = (
        WITH RECURSIVE folded (n, name) AS (
            SELECT 0, lower(organizations.short_name)
            UNION ALL
            SELECT n + 1, replace(name, letter, latin) FROM folded JOIN letters ON letters.place = n + 1
        ) SELECT trim(name) FROM folded ORDER BY n DESC LIMIT 1);
UPDATE departments SET
    full_name_search = (
        WITH RECURSIVE folded (n, name) AS (
            SELECT 0, lower(departments.full_name)
            UNION ALL
            SELECT n + 1, replace(name, letter, latin) FROM folded JOIN letters ON letters.place = n + 1
        ) SELECT trim(name) FROM folded ORDER BY n DESC LIMIT 1),
    short_name_search = (
        WITH RECURSIVE folded (n, name) AS (
            SELECT 0, lower(departments.short_name)
            UNION ALL
            SELECT n + 1, replace(name, letter, latin) FROM folded JOIN letters ON letters.place = n + 1
        ) SELECT trim(name) FROM folded ORDER BY n DESC LIMIT 1);
UPDATE users SET
    name_search = (
        WITH RECURSIVE folded (n, name) AS (
            SELECT 0, lower(users.name)
            UNION ALL
            SELECT n + 1, replace(name, letter, latin) FROM folded JOIN letters ON letters.place = n + 1
        ) SELECT trim(name) FROM folded ORDER BY n DESC LIMIT 1);
UPDATE gateway_instances SET
    name_search = (
        WITH RECURSIVE folded (n, name) AS (
            SELECT 0, lower(gateway_instances.name)
            UNION ALL
            SELECT n + 1, replace(name, letter, latin) FROM folded JOIN letters ON letters.place = n + 1
        ) SELECT trim(name) FROM folded ORDER BY n DESC LIMIT 1);
UPDATE computers SET
    search = search || ' ' || (
        WITH RECURSIVE folded (n, name) AS (
            SELECT 0, computers.search
            UNION ALL
            SELECT n + 1, replace(name, letter, latin) FROM folded JOIN letters ON letters.place = n + 1
        ) SELECT trim(name) FROM folded ORDER BY n DESC LIMIT 1);
UPDATE computer_users SET
    search = search || ' ' || (
        WITH RECURSIVE folded (n, name) AS (
            SELECT 0, computer_users.search
            UNION ALL
            SELECT n + 1, replace(name, letter, latin) FROM folded JOIN letters ON letters.place = n + 1
        ) SELECT trim(name) FROM folded ORDER BY n DESC LIMIT 1);
DROP TABLE letters;
