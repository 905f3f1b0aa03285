"""Sidecars in the styles in which programs write them, each with a rating and keywords of a person."""

from __future__ import annotations

LIGHTROOM = b"""<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="Adobe XMP Core 7.0-c000 1.000000, 0000/00/00-00:00:00">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
    xmlns:lr="http://ns.adobe.com/lightroom/1.0/"
    xmlns:photoshop="http://ns.adobe.com/photoshop/1.0/"
    xmlns:crs="http://ns.adobe.com/camera-raw-settings/1.0/"
   xmp:Rating="4"
   xmp:Label="Red"
   photoshop:SidecarForExtension="CR3"
   crs:Exposure2012="+0.35">
   <dc:subject>
    <rdf:Bag>
     <rdf:li>Oma's garden</rdf:li>
     <rdf:li>2019 &amp; before</rdf:li>
    </rdf:Bag>
   </dc:subject>
   <lr:hierarchicalSubject>
    <rdf:Bag>
     <rdf:li>places|Oma's garden</rdf:li>
     <rdf:li>2019 &amp; before</rdf:li>
    </rdf:Bag>
   </lr:hierarchicalSubject>
   <dc:description>
    <rdf:Alt>
     <rdf:li xml:lang="x-default">A cat, asleep</rdf:li>
     <rdf:li xml:lang="de">Eine Katze, schlafend</rdf:li>
    </rdf:Alt>
   </dc:description>
   <crs:ToneCurvePV2012>
    <rdf:Seq>
     <rdf:li>0, 0</rdf:li>
     <rdf:li>255, 255</rdf:li>
    </rdf:Seq>
   </crs:ToneCurvePV2012>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""

# A list of keywords as rdf:Seq; a history in a namespace of its own.
DARKTABLE = b"""<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="XMP Core 4.4.0-Exiv2">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description rdf:about=""
    xmlns:xmp="http://ns.adobe.com/xap/1.0/"
    xmlns:xmpMM="http://ns.adobe.com/xap/1.0/mm/"
    xmlns:darktable="http://darktable.sf.net/"
    xmlns:dc="http://purl.org/dc/elements/1.1/"
   xmp:Rating="4"
   xmpMM:DerivedFrom="IMG.jpg"
   darktable:auto_presets_applied="1">
   <darktable:history>
    <rdf:Seq>
     <rdf:li
      darktable:num="0"
      darktable:operation="exposure"
      darktable:params="gz02eJxjYGiwYEAD"/>
    </rdf:Seq>
   </darktable:history>
   <dc:subject>
    <rdf:Seq>
     <rdf:li>Oma's garden</rdf:li>
    </rdf:Seq>
   </dc:subject>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""

# xpacket instructions with padding, a description a namespace, simple values as elements.
DIGIKAM = """<?xpacket begin="\ufeff" id="W5M0MpCehiHzreSzNTczkc9d"?>
<!-- kept by the family -->
<x:xmpmeta xmlns:x='adobe:ns:meta/'>
<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'>

 <rdf:Description rdf:about='uuid:7f3c' xmlns:xmp='http://ns.adobe.com/xap/1.0/'>
  <xmp:Rating>4</xmp:Rating>
 </rdf:Description>

 <rdf:Description rdf:about='uuid:7f3c' xmlns:digiKam='http://www.digikam.org/ns/1.0/'>
  <!-- the tree of tags -->
  <digiKam:TagsList>
   <rdf:Seq>
    <rdf:li>places/Oma's garden</rdf:li>
   </rdf:Seq>
  </digiKam:TagsList>
 </rdf:Description>

 <rdf:Description rdf:about='uuid:7f3c' xmlns:dc='http://purl.org/dc/elements/1.1/'>
  <dc:subject><rdf:Bag><rdf:li>Oma's garden</rdf:li></rdf:Bag></dc:subject>
 </rdf:Description>
</rdf:RDF>
</x:xmpmeta>
PADDING<?xpacket end='w'?>""".replace("PADDING", (" " * 99 + "\n") * 20).encode()

# No x:xmpmeta, nothing about keywords, all on one line.
BARE = (
    b"<rdf:RDF xmlns:rdf='http://www.w3.org/1999/02/22-rdf-syntax-ns#'><rdf:Description rdf:about='' "
    b"xmlns:xmp='http://ns.adobe.com/xap/1.0/' xmp:Rating='4'/></rdf:RDF>"
)

SAMPLES = {"lightroom": LIGHTROOM, "darktable": DARKTABLE, "digikam": DIGIKAM, "bare": BARE}

# What 0.1 wrote, which had a path for each of several labels: a sidecar of its own, and keywords beside a person's.
FIRST_VERSION = b"""<?xml version="1.0" encoding="UTF-8"?>
<x:xmpmeta xmlns:x="adobe:ns:meta/" x:xmptk="mnclassify">
 <rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#">
  <rdf:Description xmlns:dc="http://purl.org/dc/elements/1.1/" xmlns:lr="http://ns.adobe.com/lightroom/1.0/" \
xmlns:mnclassify="urn:mnclassify:xmp/1.0/" rdf:about="" mnclassify:model="mobilenet_v1_100_128" \
mnclassify:madeSidecar="True">
   <dc:subject>
    <rdf:Bag>
     <rdf:li>Egyptian cat</rdf:li>
     <rdf:li>tabby</rdf:li>
    </rdf:Bag>
   </dc:subject>
   <lr:hierarchicalSubject>
    <rdf:Bag>
     <rdf:li>mnclassify|Egyptian cat</rdf:li>
     <rdf:li>mnclassify|tabby</rdf:li>
    </rdf:Bag>
   </lr:hierarchicalSubject>
   <mnclassify:addedSubjects>
    <rdf:Bag>
     <rdf:li>Egyptian cat</rdf:li>
     <rdf:li>tabby</rdf:li>
    </rdf:Bag>
   </mnclassify:addedSubjects>
  </rdf:Description>
 </rdf:RDF>
</x:xmpmeta>
"""
_LIST = b"<rdf:Bag>\n     "
FIRST_VERSION_BESIDE = (
    FIRST_VERSION.replace(b' mnclassify:madeSidecar="True"', b"")
    .replace(b"<dc:subject>\n    " + _LIST, b"<dc:subject>\n    " + _LIST + b"<rdf:li>Oma's garden</rdf:li>\n     ")
    .replace(b"Subject>\n    " + _LIST, b"Subject>\n    " + _LIST + b"<rdf:li>places|Oma's garden</rdf:li>\n     ", 1)
)
