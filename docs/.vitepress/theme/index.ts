import { nextTick } from 'vue';
import DefaultTheme from 'vitepress/theme';
import './style.css';

const KEY = 'language';

/** Whoever has chosen a language sees it in every example, and the next time too. */
function choose(language: string): void {
  for (const label of document.querySelectorAll<HTMLLabelElement>('.vp-code-group .tabs label')) {
    if (label.textContent === language) {
      const group = label.closest('.vp-code-group');
      const index = [...(label.parentElement?.querySelectorAll('label') ?? [])].indexOf(label);
      group?.querySelectorAll<HTMLInputElement>('.tabs input')[index]?.click();
    }
  }
}

function remember(event: MouseEvent): void {
  const label = (event.target as Element).closest('.vp-code-group .tabs label');
  if (label?.textContent && event.isTrusted) {
    localStorage.setItem(KEY, label.textContent);
    choose(label.textContent);
  }
}

export default {
  extends: DefaultTheme,
  enhanceApp({ router }: { router: { onAfterRouteChange?: () => void } }) {
    if (typeof window === 'undefined') {
      return;
    }
    window.addEventListener('click', remember);
    router.onAfterRouteChange = () => void nextTick(() => {
      const language = localStorage.getItem(KEY);
      if (language !== null) {
        choose(language);
      }
    });
  },
};
