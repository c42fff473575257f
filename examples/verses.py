"""Four sonnets, the text that shakespeare.py and gpt.py learn from where no other is given."""
VERSES = """\
The winter keeps its counsel with the crow,
and all the fields are folded under white.
No lantern on the road, no river's flow,
no voice but mine to measure out the night.
I ask the frost what it has done with May.
It says: I lent her to a farther hill.
She sends her love, and means to come some day;
be patient, friend, and keep the kitchen still.
So still I keep it. Still the kettle sings,
and still the clock goes counting up the stair.
A robin comes to tell me smaller things
of crumbs and berries, and the cost of air.
And when at last the gutter starts to run,
I laugh aloud, and go to meet the sun.

O carpenter, who planes the plank so thin,
what will you build of so much curling light?
A door, he says, to let the morning in,
a bed, to hold the middle of the night.
A table where the quarrels may be laid,
a chair for him who never learned to stay,
a box for all the promises we made,
a boat for those we mean to keep, one day.
And who will pay you, carpenter, and when?
The rain will pay me, knocking at the pane.
The child who climbs, and falls, and climbs again
will pay me with the gladness of the gain.
The wood forgives the blade that makes it true;
I only ask what any saw can do.

My mother's garden had a wall of stone,
and on the wall there slept a cat of gold.
The bees would preach to roses overblown,
and all the news they told was very old.
They said that summer never means to go,
it only turns its face to hear the sea.
They said the apple knows what apples know,
and what it knows it gives away for free.
I sat and learned. I wrote it in the sand.
The wind came by and read it, line by line,
and carried every letter in its hand
to other children, by a wall like mine.
So if you hear it, do not think it strange:
the oldest news is only news of change.

Good captain, turn the vessel to the west,
the stars are leaning out to see us pass.
The night has laid its head upon the breast
of quiet water, smooth as window glass.
What do you carry, captain, in your hold?
A hundred casks of silence, sealed and sound,
a bale of stories, waiting to be told,
a seed of every country never found.
And what will you bring home to those who wait?
The salt, the sunburn, and a foreign word,
a little wisdom, come a little late,
the colour of the songs that I have heard.
Then let the anchor sleep, and let us steer
by all we hope for, past the thing we fear.
"""
