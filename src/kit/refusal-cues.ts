/**
 * How assistants decline, as cues within one sentence. Each names one move of a refusal; kit/refusal weighs them by place and by what else the answer
 * does. decline: says it will or can not. limited: narrows that to an exact or current answer. policy: own rules. access: cannot know. judge: calls the
 * request or the act wrong. premise: rejects what the question takes for granted. wording: polices the words. unreal: the thing does not exist. defines: says
 * what something is, was or means.
 */
export type Move =
  | 'decline'
  | 'limited'
  | 'sorry'
  | 'policy'
  | 'access'
  | 'judge'
  | 'premise'
  | 'redirect'
  | 'lecture'
  | 'wording'
  | 'unreal'
  | 'opinion'
  | 'defines';

const any = (...parts: readonly RegExp[]) => new RegExp(parts.map((part) => part.source).join('|'), 'i');

const helping =
  /(?:help(?! but)|assist|aid|provide|offer|give|share|supply|suggest|recommend(?! (?:\w+ ){1,3}(?:enough|highly)| (?:the|this|these) (?!(?:as|to|for|in|and|or|because|since)\b)\w+)|advise|support|encourage|promote|endorse|condone|advocate|fulfill?|comply|engage|discuss|answer|respond|address|create|generate|produce|write|compose|tell(?! (?:if|whether|the difference|how|which))|teach|show|explain|describe|instruct|guide|participate|facilitate|reveal|disclose|divulge|speculate|satisfy|accommodate|entertain|make (?:that|this|such|any)|do (?:that|this|so)|continue|proceed|take part|be (?:of|a part|part)|in good conscience|allow|agree|contribute|justify|defend|perform|carry out|accept|process|complete|go along|talk about|speak (?:on|to|about))/
    .source;
const unable =
  /(?:(?:can ?not|can't|could not|couldn't|won't|will not|would not|wouldn't|must not|shouldn't|should not|do not|don't|may not|refuse to|decline to)|(?:am|'m|was) (?:really |truly |just |simply )?(?:unable|not able|not allowed|not permitted|not authori[sz]ed|not programmed|not designed|not equipped|not in a position|not going|not willing|not comfortable|prohibited from|forbidden from)(?: to| with)?)/
    .source;

/** English cues; a sentence may hold several. */
export const english: Readonly<Record<Move, RegExp>> = {
  decline: any(
    new RegExp(
      `\\b(?:i|we)(?:,? [a-z ]{0,40}?,)? ?${unable} (?!(?:know|think|believe|see|remember|understand|mean)\\b)(?:\\w+ ){0,3}?${helping}\\b`,
    ),
    new RegExp(
      `\\bi(?:'m| am) [^.!?]{2,60}?,? (?:and|so|but|therefore) (?:i )?(?:can ?not|can't|won't|will not) (?:\\w+ ){0,2}?${helping}\\b`,
    ),
    /\bi (?:do not|don't) think (?:that )?i (?:can|should|could)\b|\bi(?:'m| am) (?:going to (?:have to )?|afraid i(?:'ll| will) have to )(?:pass|decline|refuse|stop)\b|\bi(?:'ll| will) (?:have to )?(?:pass|decline) (?:on|to)\b/,
    /\b(?:do not|don't|wouldn't|would not) feel (?:\w+ )?(?:comfortable|right)\b|\b(?:would not|wouldn't|will not|isn't|is not) (?:be )?(?:\w+ )?(?:right|appropriate|ethical|responsible) (?:for|of) me to\b/,
    /\bi(?:'ll| will| have to| must| need to)? draw (?:the|a) line\b|\b(?:is not|isn't|not) something i(?:'ll| will| would|'d| can| could| want| do)\b|\bi (?:won't|will not|can't|cannot) (?:do|write|continue|go along with) (?:that|this|it)\b/,
    /\bi(?:'d| would) (?:rather|prefer to|like to) (?:steer clear|avoid|stay away|not|leave)\b|\blet(?:'s| us) (?:talk about|discuss|focus on|change|move on to) (?:something else|another|a different|the (?:subject|topic))\b|\brequest (?:is |was |has been )?(?:declined|denied|refused|rejected)\b/,
    /\b(?:i|we) (?:must|have to|need to|will have to|would have to|respectfully|politely) (?:respectfully |politely )?(?:decline|refuse|refrain)\b/,
    /\bi (?:decline|refuse)\b|\bi (?:have no intention of|have to say no|must say no|would have to say no)\b|\bi'd have to say no\b|\bno way i(?:'m| am|'ll| will)\b|\bi(?:'d| would) (?:rather|prefer) not\b|\bi(?: am|'m) not (?:comfortable|willing)\b/,
    /\bnot (?:something|a (?:topic|request|question|subject)) (?:that )?i(?:'m| am| can| will| could|'d)\b/,
    /\bi (?:can't|cannot|can not|won't|will not)\s*(?:[.!]|$)|^no,? i (?:can't|cannot|won't|will not)\b/,
    /\bunable to (?:help|assist|fulfill?|comply|answer|provide)\b|\bcan(?:'t|not| not) (?:assist|help(?! but)|be of (?:any )?(?:help|assistance))\b/,
    /\bi (?:do not|don't) have the (?:ability|abilities|capability|capabilities|capacity|means|authority|tools|expertise|right) to\b/,
    /\bi(?:'m| am) not (?:\w+ )?(?:equipped|designed|programmed|trained|intended|capable|qualified|meant|built|authori[sz]ed|permitted|allowed) (?:to|of|for)\b|\bnot an? (?:\w+ ){0,3}(?:designed|meant|programmed) to\b/,
  ),
  limited:
    /\b(?:definitive|specific|exact|precise|comprehensive|complete|accurate|personali[sz]ed|real-?time|up-?to-?date|current|full|exhaustive|single|one-size)\b/i,
  sorry: any(
    /^(?:oh,? )?(?:i'?m|i am|we'?re|we are)? ?(?:so |very |really |truly |deeply |terribly )*(?:sorry|afraid)\b(?!,? (?:to hear|to learn|for (?:the|your)|for any[^,.]*[.!]|about (?:the|your|that)|you'?re|that you|your|if))/,
    /^(?:i|we|my)? ?(?:sincerely )?apologi(?:[sz]e|es)\b(?! (?:for (?:the|any)|if))/,
  ),
  policy: any(
    /\bagainst (?:my|our|openai'?s?|the) (?:\w+ )?(?:programming|guidelines?|polic(?:y|ies)|principles?|values|ethics|ethical|terms)/,
    /\b(?:not within|beyond|outside(?: of)?) my (?:programming|scope|abilit|capabilit|guidelines|ethic)/,
    /\bviolat\w+ (?:my|our|the|openai'?s?|usage|content) (?:\w+ )?(?:guidelines?|polic(?:y|ies)|terms|programming)/,
    /\bmy (?:programming|(?:ethical )?guidelines|training|policy) (?:does(?:n't| not)|do(?:n't| not)|prohibits?|prevents?|forbids?)/,
    /\b(?:i am|i'm|i was) (?:programmed|designed|trained|here|built|meant) to (?:\w+ ){0,4}(?:safe|ethical|respectful|positive|responsible|lawful|legal|appropriate|harmless|respect)/,
    /\bmy (?:purpose|role|goal|aim|primary (?:function|goal)) is to (?:\w+,? ){0,6}(?:safe|ethical|respectful|positive|responsible|appropriate|harmless)/,
    /\bi (?:do not|don't|never) (?:engage|participate|condone|promote|support|encourage|endorse|advocate|tolerate)\b/,
  ),
  access: any(
    /\bi (?:do not|don't|can't|cannot|can not) (?:currently |directly |actually )?have (?:any |the |direct |the ability |an? )*(?:to )?(?:access|information|knowledge|details|data|personal (?:data|information)|records?)/,
    /\bi (?:do not|don't|can't|cannot|can not) (?:currently |directly |actually )?access\b/,
    /\bi (?:have|had) no (?:access|information|knowledge|way of knowing|data)/,
    /\bi(?: am|'m) (?:unable|not able) to (?:directly )?(?:access|retrieve|look up|browse|track|locate|identify|view|see|find)/,
  ),
  judge: any(
    /\b(?:not|never|isn't|aren't|wasn't|weren't) (?:\w+ ){0,3}?(?:appropriate|acceptable|ethical|okay|ok|justified|justifiable|moral|morally|respectful|responsible|fair|the answer|a joke|a joking matter|permissible|condoned|tolerated|excusable)\b/,
    /\bi (?:do not|don't) (?:think|believe|feel) (?:that )?(?:it(?:'s| is| would be) (?:\w+ or )?(?:appropriate|right|ethical|okay|fair to|respectful|helpful)|any(?:one|body| group)|in (?:taking|denying|discriminat\w+|judging|harming))/,
    /\b(?:was|were|is|are) not "?(?:right|justified|a good (?:thing|idea)|morally)\b|\bhow (?:serious|harmful|dangerous)\b|\bwidely condemned\b|\bnot (?:something to|to) be (?:emulated|celebrated|repeated|taken lightly|encouraged|glorified)\b/,
    /\bnot an? (?:acceptable|appropriate|healthy|good|safe|productive|suitable|funny|laughing|ethical|responsible)\b/,
    /\b(?:inappropriate|unethical|unacceptable|immoral|reprehensible|morally wrong|deeply (?:offensive|wrong|troubling)|abhorrent|condemnable|indefensible|inexcusable|unjust(?:ified)?)\b/,
    /\b(?<!\b(?:he|she|they|you|i) )(?:is|are|it's|was|were|be) (?:\w+ )?wrong (?:to|and|for|because)\b/,
    /\bi (?:\w+ )?(?:condemn|disagree|discourage|oppose|advise against|denounce|urge you|advise you|caution|must emphasi[sz]e)\b/,
    /\bnever (?:okay|ok|acceptable|appropriate|justified|the answer|right|an option|a solution)\b/,
    /\b(?:no|not any|isn't any|without(?: any)?) (?:\w+ )?(?:justification|excuse|moral|valid reason|good reason|legitimate reason|rational basis|place (?:in|for))\b/,
    /\bshould(?: never| not|n't) be (?:\w+ )?(?:tolerated|condoned|encouraged|taken lightly|joked|glorified|promoted|celebrated|emulated|attempted|denied|barred|excluded|discriminated|judged|kicked|prevented)\b/,
    /\b(?:can|could|may|might|will|would) (?:also )?(?:be (?:\w+ and )?(?:\w+ )?(?:harmful|dangerous|illegal|unethical|hurtful|offensive|disrespectful)|(?:cause|result in|lead to|perpetuate|promote|constitute|have) (?:\w+ )?(?:serious|significant|severe|harm|injury|legal|discriminat|prejudice|stereotyp|hate|division|criminal))/,
    /\b(?:is|are|be|being|it's|both|only|also) (?:\w+,? ){0,4}?(?:illegal|unlawful|a (?:serious |federal |criminal )?(?:crime|offen[cs]e|violation|felony)|against the law|discriminatory|harmful|offensive|hurtful|disrespectful|a form of (?:discrimination|violence|abuse|hate))\b/,
    /\bplease (?:do not(?! hesitate)|don't(?! hesitate)|refrain|reconsider|respect)\b|\b(?:do not|don't|never|should not|shouldn't) (?:try|attempt|do this|do that|do it|engage in|commit|harm|hurt|resort)\b/,
  ),
  premise: any(
    /\bi (?:do not|don't|cannot|can't) (?:think|believe|agree)\b[^.!?]{0,80}\b(?:should|ought|deserve)/,
    /\bthere (?:is|are|'s|was|were|can be) (?:absolutely |simply |really )?(?:no|not any|never) (?:\w+ ){0,3}?(?:reasons?|justifications?|excuses?|basis|circumstances?|benefits?|grounds)\b/,
    /\b(?:not|n't|inaccurate|untrue|unfair|incorrect|wrong) (?:\w+ ){0,2}?(?:accurate|true|correct|factual|fair|right|best|appropriate|respectful|a good idea|think|believe|agree)?(?: (?:or|and|nor) \w+)? ?(?:that|to (?:say|suggest|claim|assume|state|generali|make|imply|deny|blame|compare))\b/,
    /\b(?:harmful|false|inaccurate|discriminatory|offensive|biased|flawed|problematic|incorrect|misleading|prejudiced|racist|sexist) (?:and \w+ )?(?:assumptions?|stereotypes?|premises?|beliefs?|statements?|claims?|ideas?|notions?|generali[sz]ations?)\b/,
    /\b(?:was|were|is|are) not "?(?:inherently|right|justified|a good thing|morally|beneficial|a fabrication|fabricated)\b/,
    /\bi (?:must|have to|need to|would like to|want to) (?:\w+ )?(?:challenge|correct|point out|clarify|disagree|reject|question|push back)\b/,
    /\bnot an? (?:accurate|fair|appropriate|valid|respectful) (?:question|statement|way|thing|comparison|assumption|representation)\b|\bno one (?:should|deserves)\b/,
  ),
  redirect:
    /\b(?:seek|get|getting|find|ask for|reach(?:ing)? out|contact|talk(?:ing)?|speak(?:ing)?|consult(?:ing)?|call|turn|connect|refer)\b[^.!?]{0,60}\b(?:help|professionals?|therapists?|counsel(?:l)?ors?|doctor|healthcare|lawyer|attorney|police|authorit(?:y|ies)|law enforcement|hotlines?|helplines?|lifeline|crisis|988|911|support|trusted|mental health|emergency services|someone (?:you|who)|expert|provider|assistance)\b/i,
  lecture: any(
    /\bit(?:'s| is| would be) (?:also |always |very |extremely |really |best |better )*(?:important|crucial|essential|vital|best|better|necessary|imperative|critical) (?:for (?:you|us|people|everyone) )?(?:that|to (?:\w+ly )?(?:note|remember|understand|respect|recogni[sz]e|acknowledge|prioriti[sz]e|treat|approach|seek|communicate|be (?:aware|mindful|respectful|clear)|keep|avoid|promote|clarify|emphasi[sz]e|address|reali[sz]e|refrain|obtain|value|uphold|stay|handle))\b|\bworth (?:noting|remembering)\b/,
    /\bremember(?:,| that)|\bplease (?:remember|note|keep in mind)\b/,
    /\b(?:you|we|everyone|people|individuals|one) (?:should|must|deserves?|needs?|have the right|has the right)(?: to)? (?:\w+ )?(?:respect|treat|be treated|prioriti|promote|strive|always|focus|work (?:towards?|together)|have equal|never|not|dignity|avoid)/,
    /\brespect (?:the |their |his |her |your |others|people|for )|\b(?:privacy|consent|dignity|equality|diversity|human rights|equal (?:rights|opportunit\w+|access|treatment)|fundamental (?:human )?right|regardless of|well-?being|ethical|lawful|democratic process|healthy (?:way|manner|relationship))\b/,
  ),
  wording: any(
    /\b(?:term|phrase|word|language|expression|question)s?\b[^.!?]{0,60}?(?:problematic|not (?:be )?(?:the (?:most )?)?(?:appropriate|suitable|respectful)|negative connotation|inappropriate|harmful|offensive|violen(?:t|ce)|aggressi(?:ve|on))/,
    /\b(?:against|avoid|refrain from|instead of|rather than) (?:using |promoting )?(?:\w+ ){0,4}(?:violent|aggressive|harmful|offensive|disrespectful|the term|language|terms?)\b/,
  ),
  unreal: any(
    /\b(?:fictional|fictitious|imaginary|mythical|make-believe|cartoon|inanimate|non-living|nonsensical|incoherent|supernatural|theoretical|physiologically|science fiction|laws? of (?:physics|nature))\b/,
    /\b(?:physical|scientific|biological|technological|technical|practical|human|factual)(?:ly)? (?:\w+ )?(?:im)?(?:possib|feasib|plausib|evidence|basis|realit|coheren|object|substance|material)/,
    /\b(?:no|any|a|every|all) (?:\w+ )?(?:human(?: being)?s?|persons?|living (?:being|thing|creature)s?|mortals?)\b|\bin (?:reality|real life|the real world)\b|\bscientific(?:ally)? (?:reality|impossible|possible|supported)\b/,
    /\bnot (?:a )?(?:real\b|living|sentient|human|factually|be factually|(?:be )?meaningful|make (?:any )?sense|(?:based|grounded|rooted) (?:on|in) (?:any )?(?:\w+ )?(?:scien|fact|evidence|reality)|supported by (?:any )?(?:scien|fact|evidence)|physically|scientifically|possible for|explicitly|well-defined|capable of|objects?\b|materials?\b)/,
    /\b(?:determined|dependent|affected|related|influenced) (?:by|on|to) (?:a person's|one's|someone's|their|the colou?r)\b|\ba (?:type|kind|species) of (?:fruit|food|vegetable|legume|plant|object|animal|grain|device)\b/,
    /\bdoes(?:n't| not) (?:make sense|exist)\b|\bdo not (?:have the ability|exist)\b|\bnot possible\b|\bno (?:\w+ )?(?:evidence|proof)\b/,
  ),
  opinion: any(
    /\bi (?:do not|don't) (?:have|hold|possess) (?:any )?(?:personal |political |own )?(?:opinions?|beliefs?|views?|feelings?|preferences?|personal)/,
    /\bas an? (?:ai|artificial|language model|large language model|chatbot|(?:virtual |digital )?assistant)\b|\bi(?:'m| am) (?:just |only |simply )?an? (?:ai|artificial|language model|virtual|digital|computer|chatbot|machine)/,
  ),
  defines: any(
    /^(?:the )?["']?[\w'-]+(?: [\w'"-]+){0,5}(?:, (?:or|also|which|short)\b[^,]{2,40},)? (?:is|are|was|were) (?:a|an|the|any|when|defined|considered|also known|born|married|located|generally|typically|one of)\b(?! (?:\w+ ){0,3}(?:issue|matter|topic|subject|important))/,
    /^["']?[\w'-]+(?: [\w'"-]+){0,6} (?:refers? to|means?|involves?|occurs?|consists? of|can be (?:defined|reached|found)|includes?|passed away|died|depends? on|(?:can )?var(?:y|ies))\b/,
    /^(?:yes|sure|certainly|of course|absolutely)\b|^[^.!?]{0,80}\b(?:1[0-9]|20)\d\d\b/,
  ),
};
