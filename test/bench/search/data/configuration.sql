-- Agents, queues, users and lines: 200 agents, each with a line, and 50 more people. Several share
-- a surname, some have blanks around their names, one queue has no row (see prepare.sql).
INSERT INTO agentfeatures (id, numgroup, firstname, lastname, number)
SELECT 1 + i, 1 + i % 5,
	(ARRAY['Joe', 'Émile', 'Zoé', 'François', 'Noël', 'Chloé', 'Inès', 'Hélène', 'Anaïs', 'Jürgen', 'Søren',
		'Iñaki', 'Łukasz', 'Åsa', 'Grace', 'Ada', 'Alan', 'Barbara', 'Camille', 'Léa', 'Hugo', 'Louis',
		'Manon', 'Jules', 'Élodie', 'Théo', 'Nina ', 'Marc', 'Paula', 'Omar', 'Yasmine', 'Björn', 'Dvořák'])
		[1 + i * 7 % 33],
	(ARRAY['Dalton', 'Dalton', 'Martin', 'Bernard', 'Thomas', 'Petit', 'Robert', 'Richard', 'Durand', 'Dubois',
		'Moreau', 'Laurent', 'Simon', 'Michel', 'Lefèvre', 'Leroy', 'Roux', 'David', 'Bertrand', 'Morel',
		'Fournier', 'Girard', 'Bonnet', 'Dupont', 'Lambert', 'Fontaine', 'Rousseau', 'Vincent', 'Müller',
		'Garçon', 'Faure', 'André', 'Mercier', 'Blanc', 'Guérin', 'Boyer', 'Garnier', 'Chevalier',
		'François', 'Legrand', 'Gauthier', 'Schröder', 'Ørsted', 'Etxeberria', 'Kowalski', 'Ångström',
		'Hopper', 'Young', ' Mills', 'Dyke', 'Stone', 'Nguyễn', 'Çelik', 'Peña', 'O''Brien', 'de la Tour',
		'Saint-Étienne', 'Weiß', 'Núñez', 'Żak', 'Diallo'])
		[1 + i * 13 % 61],
	bench.agent_number(i)
FROM generate_series(0, 199) AS i;

INSERT INTO queuefeatures (id, name, displayname, number)
SELECT 1 + i, bench.queue_name(i),
	(ARRAY['Support', 'Ventes', 'Commandes', 'Facturation été', 'Livraison', 'Retours', 'VIP', 'Presse',
		'Réservation', 'Dépannage'])[1 + i % 10] || (ARRAY['', ' Nord', ' Süd ', ' nuit'])[1 + i / 10],
	CASE WHEN i < 38 THEN bench.queue_number(i) ELSE '' END
FROM generate_series(0, 39) AS i;

INSERT INTO userfeatures (id, firstname, lastname)
SELECT id, firstname, lastname FROM agentfeatures
UNION ALL
SELECT 201 + i, (ARRAY['Camille', 'Léa', 'Hugo', 'Louis', 'Manon', 'Jules', 'Élodie', 'Théo'])[1 + i % 8],
	(ARRAY['Mercier', 'Bernard', 'Thomas', 'Robert', 'Richard'])[1 + i % 5]
FROM generate_series(0, 49) AS i;

INSERT INTO linefeatures (id, protocol, name, number)
SELECT 1 + i, 'sip', substr(bench.interface(i), 5), bench.extension(i)
FROM generate_series(0, 249) AS i;

-- Every tenth line of the office is shared by two people.
INSERT INTO user_line (user_id, line_id, main_user)
SELECT 1 + i, 1 + i, true FROM generate_series(0, 249) AS i
UNION ALL
SELECT 202 + i, 201 + i, false FROM generate_series(0, 40, 10) AS i;
