/** A port by its UN/LOCODE, in the region it belongs to. */
export interface Port {
  readonly code: string;
  readonly name: string;
  readonly parentSlug: string;
}

/** Code and name by region, one port a line. Codes and names are UN/LOCODE's (UNECE); names are in local spelling. */
const PORTS_BY_REGION: Readonly<Record<string, string>> = {
  china_main: `
    CNGGZ Guangzhou
    CNSHA Shanghai
    CNNGB Ningbo
    CNYTN Yantian
    CNSHK Shekou
    CNTAO Qingdao
    CNTXG Tianjin Xingang
    CNDLC Dalian
    CNXMN Xiamen`,
  china_north: `
    CNYNT Yantai
    CNWEI Weihai
    CNRZH Rizhao
    CNYIK Yingkou
    CNSHP Qinhuangdao
    CNLYG Lianyungang`,
  china_east: `
    CNFOC Fuzhou
    CNQZJ Quanzhou
    CNWNZ Wenzhou
    CNZOS Zhoushan
    CNTAG Taicang`,
  yangtze_river: `
    CNNKG Nanjing
    CNZJG Zhangjiagang
    CNNTG Nantong
    CNZHE Zhenjiang
    CNJIA Jiangyin
    CNYZH Yangzhou
    CNWUH Wuhan
    CNCKG Chongqing`,
  china_south: `
    CNCWN Chiwan
    CNSWA Shantou
    CNHUI Huizhou
    CNZHA Zhanjiang
    CNHAK Haikou
    CNYPG Yangpu
    CNFAN Fangcheng`,
  pearl_river: `
    CNNSA Nansha
    CNHUA Huangpu
    CNHMN Humen
    CNFOS Foshan
    CNZSN Zhongshan
    CNZUH Zhuhai
    CNJMN Jiangmen`,
  north_europe_main: `
    DEHAM Hamburg
    DEBRV Bremerhaven
    DEBRE Bremen
    DEWVN Wilhelmshaven
    NLRTM Rotterdam
    NLAMS Amsterdam
    NLVLI Vlissingen
    BEANR Antwerpen
    BEZEE Zeebrugge
    FRLEH Le Havre
    FRDKK Dunkerque
    GBFXT Felixstowe
    GBSOU Southampton
    GBLGP London Gateway`,
  denmark: `
    DKCPH København
    DKAAR Aarhus
    DKAAL Aalborg
    DKFRC Fredericia
    DKEBJ Esbjerg
    DKKAL Kalundborg
    DKODE Odense
    DKHIR Hirtshals`,
  sweden_west: `
    SEGOT Göteborg
    SEMMA Malmö
    SEHEL Helsingborg
    SEHAD Halmstad
    SEVAG Varberg
    SEUDD Uddevalla
    SETRG Trelleborg`,
  sweden_east: `
    SESTO Stockholm
    SEGVX Gävle
    SENRK Norrköping
    SESOE Södertälje
    SEAHU Åhus
    SEKAN Karlshamn
    SEOXE Oxelösund
    SESDL Sundsvall
    SEUME Umeå
    SEPIT Piteå
    SELLA Luleå`,
  norway_south_east: `
    NOOSL Oslo
    NODRM Drammen
    NOFRK Fredrikstad
    NOMSS Moss
    NOLAR Larvik
    NOBVK Brevik
    NOPOR Porsgrunn
    NOKRS Kristiansand`,
  norway_south_west: `
    NOSVG Stavanger
    NOTAE Tananger
    NOHAU Haugesund
    NOBGO Bergen
    NOFRO Florø
    NOMAY Måløy
    NOAES Ålesund
    NOIKR Ikornnes
    NOKSU Kristiansund`,
  norway_north: `
    NOTRD Trondheim
    NOORK Orkanger
    NOMQN Mo i Rana
    NOBOO Bodø
    NONVK Narvik
    NOTOS Tromsø`,
  iceland_faroes: `
    ISREY Reykjavík
    ISGRT Grundartangi
    FOTHO Tórshavn`,
  baltic_main: `
    EETLL Tallinn
    EEMUG Muuga
    EEPLA Paldiski
    EEPRN Pärnu
    EESLM Sillamäe
    LVRIX Rīga
    LVVNT Ventspils
    LVLPX Liepāja
    LTKLJ Klaipėda
    PLGDN Gdańsk
    PLGDY Gdynia
    PLSZZ Szczecin
    PLSWI Świnoujście
    DERSK Rostock
    DELBC Lübeck`,
  finland: `
    FIHEL Helsinki
    FIKTK Kotka
    FIHMN Hamina
    FIHKO Hanko
    FITKU Turku
    FINLI Naantali
    FIRAU Rauma
    FIPOR Pori
    FIVAA Vaasa
    FIKOK Kokkola
    FIOUL Oulu
    FIKEM Kemi
    FITOR Tornio`,
  russia_baltic: `
    RULED Sankt-Peterburg
    RUULU Ust-Luga
    RUVYG Vyborg
    RUKGD Kaliningrad`,
};

export const PORTS: readonly Port[] = Object.entries(PORTS_BY_REGION).flatMap(([parentSlug, lines]) =>
  [...lines.matchAll(/([A-Z]{5}) (.+)/g)].map(([, code = "", name = ""]) => ({ code, name, parentSlug })),
);
