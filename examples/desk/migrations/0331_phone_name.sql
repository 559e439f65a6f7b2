-- The phone name that a dial's request named: commands on its call go there, also after a restart.
ALTER TABLE desk_dial ADD COLUMN phone_name TEXT;
