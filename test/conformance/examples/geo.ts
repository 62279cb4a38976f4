import type { Examples } from '../support/example.js';

const SICILY = `
  GEOADD {g} 13.361389 38.115556 Palermo 15.087269 37.502669 Catania
`;

export const GEO: Examples = {
  geoadd: `
    GEOADD g 13.361389 38.115556 Palermo 15.087269 37.502669 Catania
    GEOADD g NX 1 1 Palermo
    GEOADD g XX CH 1 1 Palermo
    GEOADD g 200 1 x
    GEOADD g x 1 x
    GEOADD g 1 1
    ZRANGE g 0 -1 WITHSCORES
  `,
  geodist: `${SICILY}
    GEODIST {g} Palermo Catania
    GEODIST {g} Palermo Catania km
    GEODIST {g} Palermo none
    GEODIST none a b
    GEODIST {g} Palermo Catania parsec
  `,
  geohash: `${SICILY}
    GEOHASH {g} Palermo none Catania
    GEOHASH none a
    GEOHASH {g}
  `,
  geopos: `${SICILY}
    GEOPOS {g} Palermo none
    GEOPOS none a
    GEOPOS {g}
  `,
  georadius: `${SICILY}
    GEORADIUS {g} 15 37 200 km
    GEORADIUS {g} 15 37 200 km WITHDIST WITHCOORD WITHHASH ASC
    GEORADIUS {g} 15 37 200 km COUNT 1 ANY
    GEORADIUS {g} 15 37 200 km STORE {g}d
    ZRANGE {g}d 0 -1 WITHSCORES
    GEORADIUS {g} 15 37 200 km STOREDIST {g}d
    ZCARD {g}d
    GEORADIUS {g} 15 37 200 km WITHDIST STORE {g}d
    GEORADIUS {g} 15 37 x km
    GEORADIUS {g}none 15 37 200 km
    GEORADIUS {g} 15 37 200 parsec
    !CROSSSLOT: GEORADIUS a 15 37 200 km STORE b
  `,
  georadius_ro: `${SICILY}
    GEORADIUS_RO {g} 15 37 200 km WITHDIST DESC
    GEORADIUS_RO {g} 15 37 200 km STORE {g}d
    GEORADIUS_RO none 15 37 200 km
  `,
  georadiusbymember: `${SICILY}
    GEORADIUSBYMEMBER {g} Palermo 200 km WITHCOORD
    GEORADIUSBYMEMBER {g} none 200 km
    GEORADIUSBYMEMBER {g} Palermo 200 km STORE {g}d
    ZCARD {g}d
    !CROSSSLOT: GEORADIUSBYMEMBER a Palermo 200 km STORE b
  `,
  georadiusbymember_ro: `${SICILY}
    GEORADIUSBYMEMBER_RO {g} Palermo 200 km WITHDIST ASC
    GEORADIUSBYMEMBER_RO {g} none 200 km
    GEORADIUSBYMEMBER_RO {g} Palermo 200 km STORE {g}d
  `,
  geosearch: `${SICILY}
    GEOSEARCH {g} FROMLONLAT 15 37 BYRADIUS 200 km ASC
    GEOSEARCH {g} FROMMEMBER Palermo BYBOX 400 400 km DESC WITHCOORD WITHDIST WITHHASH
    GEOSEARCH {g} FROMLONLAT 15 37 BYRADIUS 200 km COUNT 1 ASC
    GEOSEARCH {g} FROMLONLAT 15 37
    GEOSEARCH {g} FROMMEMBER none BYRADIUS 1 km
    GEOSEARCH none FROMLONLAT 15 37 BYRADIUS 200 km
    GEOSEARCH {g} NONSENSE 15 37 BYRADIUS 200 km
  `,
  geosearchstore: `${SICILY}
    GEOSEARCHSTORE {g}d {g} FROMLONLAT 15 37 BYRADIUS 200 km
    ZRANGE {g}d 0 -1 WITHSCORES
    GEOSEARCHSTORE {g}d {g} FROMLONLAT 15 37 BYRADIUS 200 km STOREDIST
    ZCARD {g}d
    GEOSEARCHSTORE {g}d {g}none FROMLONLAT 15 37 BYRADIUS 200 km
    EXISTS {g}d
    GEOSEARCHSTORE {g}d {g} FROMLONLAT 15 37 BYRADIUS 200 km WITHDIST
    !CROSSSLOT: GEOSEARCHSTORE a b FROMLONLAT 15 37 BYRADIUS 200 km
  `,
};
