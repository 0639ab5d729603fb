// The font of the marks before a post's words, given to the page before its first frame. Fetched by the style it would come after the layout, which would be made twice.
import bytes from "marks";

document.fonts.add(new FontFace("Marks at once", bytes));
